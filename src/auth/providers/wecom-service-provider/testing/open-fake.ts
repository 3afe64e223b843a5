import { Clock } from '../../../../common/clock.js';
import { Secret } from '../../../../common/secret.js';
import type { AuthorizationRequest, Provider, ProviderTools } from '../../provider.js';
import { MemoryInstallations, MemorySuiteTickets } from '../../testing/memory-installations.js';
import { MemoryTokens } from '../../wecom/testing/fake-wecom.js';
import { openWecomServiceProvider } from '../wecom-service-provider.provider.js';
import { WecomServiceProviderSettings } from '../wecom-service-provider.settings.js';
import { type FakeCorp, FakeServiceProvider } from './fake-service-provider.js';

/** The cast of reference wecom-service-provider 0. */
export const cast = {
  provider: 'ww9f3c1a7be20d4651',
  suite: 'ww2b7d60e1f4c8a935',
  loginSuite: 'ww71ac05de94b3f862',
  template: 'dk8e41c09a5b7d23f6',
  corp: 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
  member: 'woSimUAAAAe5Jg8pTn1QsXc3HrK6vMyB',
  aesKey: 'SimulatorOnlyKeySimulatorOnlyKey01234567890',
};

export const request: AuthorizationRequest = {
  state: 'p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K',
  callbackUrl: new URL('https://portal.example.com/callback/wecom-any'),
  language: 'zh',
};

export class StoppedClock extends Clock {
  current = new Date('2026-01-01T00:00:00Z');

  override now(): Date {
    return this.current;
  }

  advance(minutes: number): void {
    this.current = new Date(this.current.getTime() + minutes * 60_000);
  }
}

type Changes = Partial<WecomServiceProviderSettings>;

/** A third-party app with a login suite. */
export function settingsOf(changes: Changes = {}): WecomServiceProviderSettings {
  return Object.assign(new WecomServiceProviderSettings(), {
    appType: 'third-party',
    providerCorpId: cast.provider,
    providerSecret: new Secret('exampleProviderSecret'),
    suiteId: cast.suite,
    suiteSecret: new Secret('exampleSuiteSecret'),
    eventToken: new Secret('suiteToken'),
    eventAesKey: new Secret(cast.aesKey),
    loginSuite: {
      suiteId: cast.loginSuite,
      suiteSecret: new Secret('exampleLoginSecret'),
      eventToken: new Secret('loginToken'),
      eventAesKey: new Secret(cast.aesKey),
    },
    ...changes,
  });
}

/** The app of a template. */
export const delegated: Changes = {
  appType: 'delegated',
  suiteId: cast.template,
  suiteSecret: new Secret('exampleTemplateSecret'),
};

export interface Opened {
  readonly provider: Provider;
  readonly wecom: FakeServiceProvider;
  readonly tokens: MemoryTokens;
  readonly installations: MemoryInstallations;
  readonly suiteTickets: MemorySuiteTickets;
  readonly clock: StoppedClock;
  readonly tools: ProviderTools;
  readonly warnings: { message: string; details: unknown }[];
  /** A corp that installed the suite of this connection. */
  install(corp?: Partial<FakeCorp>): Promise<FakeCorp>;
}

/** A provider on a strict WeCom: each suite has pushed its ticket just now, and nobody has installed anything. */
export async function openFake(changes: Changes = {}): Promise<Opened> {
  const settings = settingsOf(changes);
  const wecom = new FakeServiceProvider();
  const tokens = new MemoryTokens();
  const installations = new MemoryInstallations();
  const suiteTickets = new MemorySuiteTickets();
  const clock = new StoppedClock();
  const warnings: { message: string; details: unknown }[] = [];
  for (const [suiteId, { ticket }] of wecom.suites)
    await suiteTickets.save(suiteId, { value: new Secret(ticket), pushedAt: clock.now() });
  const tools: ProviderTools = {
    http: wecom,
    tokens,
    clock,
    installations,
    suiteTickets,
    warn: (message, details) => warnings.push({ message, details }),
  };
  const { suiteId } = settings;
  return {
    provider: openWecomServiceProvider.open(settings, tools),
    wecom,
    tokens,
    installations,
    suiteTickets,
    clock,
    tools,
    warnings,
    async install(given = {}) {
      const corp: FakeCorp = {
        corpId: cast.corp,
        name: '示例贸易',
        agentId: 1000017,
        permanentCode: 'PERM-c0Xy6tR2',
        suiteId,
        ...given,
      };
      wecom.corps.push(corp);
      await installations.save({
        corpId: corp.corpId,
        name: corp.name,
        agentId: String(corp.agentId),
        permanentCode: new Secret(corp.permanentCode),
      });
      return corp;
    },
  };
}
