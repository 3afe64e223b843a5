import type { Installation, Installations } from '../../src/auth/providers/installations.js';
import type { Provider } from '../../src/auth/providers/provider.js';
import { AppError } from '../../src/common/app-error.js';
import { Secret } from '../../src/common/secret.js';
import { ConnectionTools } from '../../src/connections/connection-tools.js';
import {
  ConnectionRegistry,
  type OpenConnection,
} from '../../src/connections/connection.registry.js';
import type { TestBed } from '../fixtures/service.js';

/** A service provider's app without a platform behind it: what it is asked is written down, and what it answers is told to it. */
export interface InstallableApp {
  readonly slug: string;
  /** Of this connection, in the service's own storage. */
  readonly installations: Installations;
  /** Each page that asked for a way to the platform. */
  readonly opened: { readonly state: string; readonly callbackUrl: URL }[];
  /** Each authorization code that was traded. */
  readonly traded: string[];
  /** What happens before a code is traded; a failure is thrown. */
  meanwhile: () => Promise<void>;
  /** Thrown instead of the way to the platform. */
  unreachable: AppError | undefined;
  enabled: boolean;
  /** The platform's page for installing. */
  page: string;
}

/** The code `install-<corpId>` installs that corp. */
export const codeOf = (corpId: string): string => `install-${corpId}`;

/** Puts such an app behind a slug, on every replica that there is. */
export function standInApp(bed: TestBed, slug: string, displayName = '示例应用'): InstallableApp {
  const installations = bed.replicas[0]!.service.app.get(ConnectionTools).for(slug).installations;
  const app: InstallableApp = {
    slug,
    installations,
    opened: [],
    traded: [],
    meanwhile: () => Promise.resolve(),
    unreachable: undefined,
    enabled: true,
    page: 'https://open.work.example.com/3rdapp/install',
  };
  for (const { service } of bed.replicas) {
    const registry = service.app.get(ConnectionRegistry);
    const find = registry.find.bind(registry);
    registry.find = async (asked) => {
      if (asked !== slug) return find(asked);
      const like = await find('wecom-hq');
      if (!like) throw new Error('there is no connection to be like');
      return { ...like, slug, displayName, enabled: app.enabled, provider: providerOf(app, like) };
    };
  }
  return app;
}

function providerOf(app: InstallableApp, { provider }: OpenConnection): Provider {
  if (provider.platform === 'local') throw new Error('no platform');
  return {
    ...provider,
    nameIdentity: ({ subject, tenant = '' }) => ({
      issuer: `wecom-sp:wwprovider01:${tenant}`,
      subject,
      tenant,
    }),
    installing: {
      installUrl: (request) => {
        if (app.unreachable) return Promise.reject(app.unreachable);
        app.opened.push(request);
        const url = new URL(app.page);
        url.searchParams.set('pre_auth_code', 'PAC');
        url.searchParams.set('redirect_uri', request.callbackUrl.href);
        url.searchParams.set('state', request.state);
        return Promise.resolve(url);
      },
      readCallback: (query) => {
        const code = query.get('auth_code');
        if (!code) throw new AppError('user_cancelled', 'The installation was cancelled.');
        return code;
      },
      complete: (code) => complete(app, code),
    },
  };
}

async function complete(app: InstallableApp, code: string): Promise<Installation> {
  app.traded.push(code);
  await app.meanwhile();
  const corpId = /^install-(.+)$/.exec(code)?.[1];
  if (!corpId) throw new AppError('platform_code_rejected', 'The platform refused the code.');
  const permanentCode = new Secret(`permanent-${corpId}`);
  await app.installations.save({ corpId, name: `企业 <b>${corpId}</b>`, permanentCode });
  const saved = await app.installations.find(corpId);
  if (!saved) throw new Error('what was saved is not there');
  return saved;
}
