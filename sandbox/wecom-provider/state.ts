import { randomBytes } from 'node:crypto';

import type { SandboxClock } from '../clock.js';
import { ExpiringStore } from '../expiring-store.js';
import { HourlyLimit } from '../hourly-limit.js';
import { base64UrlId, hexId, longId } from '../opaque-id.js';
import type { Variation } from '../variation.js';
import { ProviderIds, SeenIds } from './ids.js';
import { RegisteredDomains } from './registered-domains.js';
import { defaultSettings, type WecomProviderSettings } from './settings.js';
import type {
  AuthCode,
  CorpKey,
  LoginAttempt,
  LoginCode,
  PreAuthCode,
  UserTicket,
} from './grants.js';
import type { WecomProviderWorld } from './world.js';

export const CODE_SECONDS = 300;
export const AUTH_CODE_SECONDS = 600;
export const PRE_AUTH_SECONDS = 1200;
export const TICKET_SECONDS = 1800;
export const TOKEN_SECONDS = 7200;
export const USER_TICKET_SECONDS = 7200;
export const AUTH_LINK_SECONDS = 864_000;
export const CONSENT_SECONDS = 30 * 86_400;

/** Everything that WeCom remembers of a provider, and the calls share. */
export class WecomProviderState {
  readonly settings: WecomProviderSettings = { ...defaultSettings };
  readonly domains = new RegisteredDomains();
  readonly seen: SeenIds;
  readonly ids: ProviderIds;

  readonly providerTokens: ExpiringStore<{ corpId: string }>;
  readonly suiteTickets: ExpiringStore<{ suiteId: string }>;
  readonly suiteTokens: ExpiringStore<{ suiteId: string }>;
  readonly corpTokens: ExpiringStore<CorpKey>;
  readonly jsapiTickets: ExpiringStore<{ key: string }>;
  readonly preAuthCodes: ExpiringStore<PreAuthCode>;
  readonly authCodes: ExpiringStore<AuthCode>;
  readonly loginCodes: ExpiringStore<LoginCode>;
  readonly userTickets: ExpiringStore<UserTicket>;
  readonly consents: ExpiringStore<{ appId: string; corpId: string; userid: string }>;
  readonly attempts: ExpiringStore<LoginAttempt>;
  readonly ticketCalls: HourlyLimit;
  /** Codes that were redeemed, to tell "used" from "unknown". */
  readonly spentCodes = new Set<string>();
  /** Who is logged in to the client, when a request does not say. */
  clientUser: { corpId: string; id: string } | undefined;
  world: WecomProviderWorld;
  origin = '';

  constructor(
    private readonly seed: WecomProviderWorld,
    readonly clock: SandboxClock,
    readonly variation: Variation,
  ) {
    this.world = structuredClone(seed);
    this.ids = new ProviderIds(seed.provider.corpId);
    this.seen = new SeenIds(this.ids, () => this.world);
    this.providerTokens = new ExpiringStore(clock, longId);
    this.suiteTickets = new ExpiringStore(clock, longId);
    this.suiteTokens = new ExpiringStore(clock, longId);
    this.corpTokens = new ExpiringStore(clock, longId);
    this.jsapiTickets = new ExpiringStore(clock, longId);
    this.preAuthCodes = new ExpiringStore(clock, base64UrlId);
    this.authCodes = new ExpiringStore(clock, authCodeId);
    this.loginCodes = new ExpiringStore(clock, base64UrlId);
    this.userTickets = new ExpiringStore(clock, longId);
    this.consents = new ExpiringStore(clock, hexId);
    this.attempts = new ExpiringStore(clock, hexId);
    this.ticketCalls = new HourlyLimit(clock);
  }

  /** Forgets all but the registered domains and callbacks, and the tickets: they come only every ten minutes. */
  reset(): void {
    this.world = structuredClone(this.seed);
    Object.assign(this.settings, defaultSettings);
    this.spentCodes.clear();
    this.ticketCalls.clear();
    this.clientUser = undefined;
    for (const store of [
      this.providerTokens,
      this.suiteTokens,
      this.corpTokens,
      this.jsapiTickets,
      this.preAuthCodes,
      this.authCodes,
      this.loginCodes,
      this.userTickets,
      this.consents,
      this.attempts,
    ]) {
      store.clear();
    }
  }
}

/** Longer than the codes of a login: `get_permanent_code` tells them apart by that (reference 4.4). */
function authCodeId(): string {
  return randomBytes(72).toString('base64url');
}
