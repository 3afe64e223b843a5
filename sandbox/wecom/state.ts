import type { SandboxClock } from '../clock.js';
import { ExpiringStore } from '../expiring-store.js';
import { HourlyLimit } from '../hourly-limit.js';
import { base64UrlId, hexId, longId } from '../opaque-id.js';
import type { Variation } from '../variation.js';
import { findApp, findCorp, type WecomApp, type WecomCorp, type WecomWorld } from './world.js';

export type Flow = 'web' | 'in-app' | 'mini-program';
export type Scope = 'snsapi_base' | 'snsapi_privateinfo';

/** Which app of which company. An in-app code of a link without `agentid` belongs to the company only. */
export interface AppKey {
  readonly corpId: string;
  readonly agentId: number;
}

/** A page that someone has open: the scan page, or the consent page. */
export interface LoginAttempt extends AppKey {
  readonly redirectUri: string;
  readonly state?: string;
  readonly flow: 'web' | 'web-old' | 'consent';
  /** Of a consent page: who is asked. */
  readonly askedId?: string;
}

/** What a code stands for (reference wecom 16, rule 5). */
export interface CodeGrant {
  readonly corpId: string;
  readonly agentId?: number;
  /** A member's userid as stored, or a visitor's id. */
  readonly personId: string;
  readonly flow: Flow;
  readonly scope: Scope;
  readonly redirectHost?: string;
}

/** A choice where WeCom's pages are silent or disagree (reference wecom 16, 17). */
export interface WecomSettings {
  /** Asking again within the lifetime: the same token, or a new one beside the old. */
  repeatedToken: 'same' | 'new';
  expiredTokenCode: 42001 | 40014;
  badSecretCode: 40001 | 40091;
  spentCodeCode: 40029 | 42022;
  /** Where the trusted-IP rule strikes: `gettoken` already, as in private deployments, or the calls after it. */
  ipRule: 'after-token' | 'from-gettoken';
  /** Whether a disabled member (status 2) still gets through the login pages. */
  disabledMembers: 'let-in' | 'refused';
  /** The version of the client in which pages are open: below 3.0.24 `wx.agentConfig` wants `wx.config` first. */
  clientVersion: string;
}

export const CODE_SECONDS = 300;
export const TOKEN_SECONDS = 7200;
export const USER_TICKET_SECONDS = 1800;
export const CONSENT_SECONDS = 30 * 86_400;

const defaults: WecomSettings = {
  repeatedToken: 'same',
  expiredTokenCode: 42001,
  badSecretCode: 40001,
  spentCodeCode: 40029,
  ipRule: 'after-token',
  disabledMembers: 'let-in',
  clientVersion: '4.1.20',
};

/** Everything that WeCom remembers, and the calls share. */
export class WecomState {
  readonly attempts: ExpiringStore<LoginAttempt>;
  readonly codes: ExpiringStore<CodeGrant>;
  readonly tokens: ExpiringStore<AppKey>;
  readonly userTickets: ExpiringStore<AppKey & { userid: string }>;
  readonly jsapiTickets: ExpiringStore<{ key: string }>;
  /** Entry ids are never shown; the value is who agreed, for which app. */
  readonly consents: ExpiringStore<AppKey & { userid: string }>;
  readonly settings: WecomSettings = { ...defaults };
  readonly ticketCalls: HourlyLimit;
  /** Per company: who is logged in to the client, when the request does not say. */
  readonly clientUsers = new Map<string, string>();
  /** Codes that were redeemed, to tell "used" from "unknown" where a tester wants that. */
  readonly spentCodes = new Set<string>();
  world: WecomWorld;
  origin = '';

  readonly #trusted = new Map<string, Set<string>>();

  constructor(
    private readonly seed: WecomWorld,
    readonly clock: SandboxClock,
    readonly variation: Variation,
  ) {
    this.world = structuredClone(seed);
    this.attempts = new ExpiringStore(clock, hexId);
    this.codes = new ExpiringStore(clock, base64UrlId);
    this.tokens = new ExpiringStore(clock, longId);
    this.userTickets = new ExpiringStore(clock, longId);
    this.jsapiTickets = new ExpiringStore(clock, longId);
    this.consents = new ExpiringStore(clock, hexId);
    this.ticketCalls = new HourlyLimit(clock);
  }

  find(key: AppKey): { corp: WecomCorp; app: WecomApp } | undefined {
    const corp = findCorp(this.world, key.corpId);
    const app = corp && findApp(corp, key.agentId);
    return app ? { corp, app } : undefined;
  }

  /** Adds a trusted domain as the console would; it outlives a reset. */
  trustDomain({ corpId, agentId }: AppKey, hostWithPort: string): void {
    const key = `${corpId}/${agentId}`;
    const domains = this.#trusted.get(key) ?? new Set();
    this.#trusted.set(key, domains.add(hostWithPort.toLowerCase()));
  }

  /** Exactly the host and port; Web login takes the 授权回调域 too (reference wecom 4.5). */
  isTrusted(corp: WecomCorp, app: WecomApp, host: string, flow: 'web' | 'in-app'): boolean {
    return (
      this.trustedDomains(corp, app).includes(host) ||
      (flow === 'web' && app.callbackDomain?.toLowerCase() === host)
    );
  }

  /** What the console lists, in lower case. */
  trustedDomains(corp: WecomCorp, app: WecomApp): string[] {
    const registered = this.#trusted.get(`${corp.corpId}/${app.agentId}`) ?? [];
    return [...(app.trustedDomain ? [app.trustedDomain.toLowerCase()] : []), ...registered];
  }

  reset(): void {
    this.world = structuredClone(this.seed);
    Object.assign(this.settings, defaults);
    this.clientUsers.clear();
    this.spentCodes.clear();
    this.ticketCalls.clear();
    for (const store of [
      this.attempts,
      this.codes,
      this.tokens,
      this.userTickets,
      this.jsapiTickets,
      this.consents,
    ]) {
      store.clear();
    }
  }
}
