import type { SandboxClock } from '../clock.js';
import { ExpiringStore } from '../expiring-store.js';
import { hexId } from '../opaque-id.js';
import type { Variation } from '../variation.js';
import { findApp, type DingtalkApp, type DingtalkWorld } from './world.js';

/** A browser or a client that was let in: whose it is and for which app. */
export interface Grant {
  readonly clientId: string;
  readonly personId: string;
  /** The org the person chose; only when the scope had `corpid`. */
  readonly corpId?: string;
}

/** A login page that someone has open. */
export interface LoginAttempt {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state?: string;
  readonly withCorp: boolean;
  /** The only org that may be chosen, if the client named one. */
  readonly onlyCorp?: string;
  readonly administeredOnly: boolean;
}

/** An in-app code, which is bound to the org in which the page was opened. */
export interface InAppGrant {
  readonly clientId: string;
  readonly corpId: string;
  readonly userid: string;
}

/** A choice where DingTalk's pages are silent or disagree (reference dingtalk 11). */
export interface DingtalkSettings {
  /** Whether the login page lets a person in who is not in the app's org. The docs say no; a report says yes. */
  outsiders: 'let-in' | 'refused';
  /** What oapi says of an app token that has run out. */
  expiredTokenCode: '40014' | '42001';
  /** The hash that the client expects of `dd.config`. Its pages say SHA-256, its demos SHA-1. */
  jsapiHash: 'sha256' | 'sha1' | 'either';
}

export const CODE_SECONDS = 300;
export const TOKEN_SECONDS = 7200;
export const REFRESH_SECONDS = 30 * 86_400;
export const TICKET_CAP_SECONDS = 86_400;

const defaults: DingtalkSettings = {
  outsiders: 'let-in',
  expiredTokenCode: '42001',
  jsapiHash: 'sha256',
};

/** Everything that DingTalk remembers, and the calls share. */
export class DingtalkState {
  readonly attempts: ExpiringStore<LoginAttempt>;
  readonly browserCodes: ExpiringStore<Grant>;
  readonly inAppCodes: ExpiringStore<InAppGrant>;
  readonly userTokens: ExpiringStore<Grant>;
  readonly refreshTokens: ExpiringStore<Grant>;
  readonly appTokens: ExpiringStore<{ clientId: string; unified: boolean }>;
  readonly tickets: ExpiringStore<{ clientId: string }>;
  readonly settings: DingtalkSettings = { ...defaults };
  world: DingtalkWorld;
  /** Where the sandbox listens: for links and QR codes. */
  origin = '';

  readonly #registered = new Map<string, Set<string>>();

  constructor(
    private readonly seed: DingtalkWorld,
    readonly clock: SandboxClock,
    readonly variation: Variation,
  ) {
    this.world = structuredClone(seed);
    this.attempts = new ExpiringStore(clock, hexId);
    this.browserCodes = new ExpiringStore(clock, hexId);
    this.inAppCodes = new ExpiringStore(clock, hexId);
    this.userTokens = new ExpiringStore(clock, hexId);
    this.refreshTokens = new ExpiringStore(clock, hexId);
    this.appTokens = new ExpiringStore(clock, hexId);
    this.tickets = new ExpiringStore(clock, () => `${hexId()}${hexId()}`);
  }

  app(clientId: string): DingtalkApp | undefined {
    return findApp(this.world, clientId);
  }

  /** Adds a redirect URL as the developer console would; it outlives a reset. */
  registerRedirect(clientId: string, url: string): void {
    const urls = this.#registered.get(clientId) ?? new Set();
    this.#registered.set(clientId, urls.add(url));
  }

  isRegistered(app: DingtalkApp, url: string): boolean {
    return (
      app.redirectUrls.includes(url) || (this.#registered.get(app.clientId)?.has(url) ?? false)
    );
  }

  reset(): void {
    this.world = structuredClone(this.seed);
    Object.assign(this.settings, defaults);
    for (const store of [
      this.attempts,
      this.browserCodes,
      this.inAppCodes,
      this.userTokens,
      this.refreshTokens,
      this.appTokens,
      this.tickets,
    ]) {
      store.clear();
    }
  }
}
