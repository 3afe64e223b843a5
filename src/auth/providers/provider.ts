import type { Clock } from '../../common/clock.js';
import type { HttpClient } from '../../common/http-client.js';
import type { Installations, Installing, SuiteTickets } from './installations.js';
import type { Jsapi } from './jsapi.js';
import type { EventReceiver } from './platform-events.js';
import type { PlatformTokens, TokenSource } from './platform-tokens.js';

/**
 * The contract between Lingpai and a platform. A provider speaks for one connection: it knows the platform's
 * pages, calls, replies and error codes, and nothing of accounts, our HTTP requests, or OpenID Connect.
 * Optional abilities are named members, so that a misspelt one does not compile.
 */
export const platforms = [
  'dingtalk',
  'wecom-self-built',
  'wecom-service-provider',
  'local',
] as const;
export type Platform = (typeof platforms)[number];

/** Which way a platform's code was obtained: each kind has its own exchange. */
export type CodeKind = 'web' | 'in-app' | 'mini-program';

/** Whatever stands behind a connection. */
export type AnyProvider = Provider | LocalProvider;

/**
 * Phone and SMS code, or phone and password: the person proves themselves on pages of ours, so there is nothing to ask elsewhere.
 * A sign-in of this kind leads to an account by its verified phone; it has no identity.
 */
export interface LocalProvider {
  readonly platform: 'local';
  readonly methods: { readonly phoneCode: boolean; readonly password: boolean };
}

/** Speaks for one connection to a platform. */
export interface Provider {
  readonly platform: Exclude<Platform, 'local'>;
  /** The platform's login page in an ordinary browser. */
  readonly web: RedirectSignIn;
  /** Inside the platform's own client: silent, by redirect (WeCom) or by a page that asks the client (DingTalk). */
  readonly inApp: InAppSignIn;
  /** A code that a mini program obtained. */
  readonly miniProgram?: CodeExchange;
  /** What the corp's own directory says of a person. */
  readonly directory?: Directory;
  /** Signatures for `dd.config`, `wx.config`, `wx.agentConfig`, `ww.register`. */
  readonly jsapi: Jsapi;
  /**
   * The platform's tokens that stand behind this connection.
   * @param tenant the corp, where one connection serves many
   * @throws AppError `value_not_allowed` naming `tenant`, `tenant_not_found`, `tenant_not_allowed`
   */
  tokenSources(tenant?: string): TokenSources | Promise<TokenSources>;
  /** The encrypted callbacks that the platform sends us; absent where the connection has no keys for them. */
  readonly events?: EventReceiver;
  /** A service provider's app: how a corp installs it. */
  readonly installing?: Installing;
  /** Where a corp's ids, and those of its people, may change once for others. */
  readonly idMigration?: IdMigration;
  /** Where one sign-in takes place in one corp out of several: those that the page offers. */
  readonly tenantChoice?: () => Promise<readonly TenantName[]>;
  /**
   * Names the identity that an administrator writes down, in the same spelling that a sign-in would give it.
   * @throws AppError `value_not_allowed` naming `subject` or `tenant`
   */
  nameIdentity(entry: { readonly subject: string; readonly tenant?: string }): IdentityName;
  /**
   * Whether the platform may give this subject to somebody else once its person has left: then the next who comes under it is unknown
   * (DESIGN 12).
   */
  reusesSubject(subject: string): boolean;
  /**
   * Tries the credentials against the platform, past whatever is cached or remembered. Never throws: what fails is in the answer.
   */
  check(): Promise<readonly CredentialCheck[]>;
}

/** Follows a change of ids, so that nobody becomes a new person by it. */
export interface IdMigration {
  /**
   * The id, and the issuer of its people, that a corp has after the change.
   * @throws AppError the platform's failures
   */
  tenant(corpId: string): Promise<{
    readonly tenant: string;
    readonly fromIssuer: string;
    readonly toIssuer: string;
  }>;
  /**
   * People's ids after the change, by their ids before it; who is not known to the platform is left out.
   * @param corpId the corp's id before the change
   * @param userIds at most a thousand
   * @throws AppError `tenant_not_found`, `tenant_not_allowed`, the platform's failures
   */
  people(corpId: string, userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Has the platform change the ids, of the corp and of all its people. There is no way back; said again before its answer was seen, it does no
   * harm.
   * @param corpId the corp's id before the change
   * @throws AppError `tenant_not_found`, `tenant_not_allowed`, the platform's failures
   */
  finish(corpId: string): Promise<void>;
}

/** (issuer, subject), as DESIGN 1 defines them. */
export interface IdentityName {
  readonly issuer: string;
  readonly subject: string;
  /** The corp's id, where the connection tells it. */
  readonly tenant?: string;
}

/** One thing that was tried with a connection's credentials. */
export interface CredentialCheck {
  /** What was tried, e.g. `app-token`, `corp-ticket`, `directory`. */
  readonly name: string;
  readonly ok: boolean;
  /** Why not: our code, the platform's own code and words, and what to do about it. */
  readonly code?: string;
  readonly platformCode?: string;
  readonly message?: string;
  readonly fix?: string;
}

/** A corp, for a page that asks which one. */
export interface TenantName {
  readonly corpId: string;
  readonly name?: string;
}

export interface CodeExchange {
  /**
   * Trades a single-use code for the person behind it.
   * @param tenant the corp in which the sign-in took place, where it began in one
   * @throws AppError `platform_code_rejected`, `not_a_member`, `tenant_not_allowed`, `platform_unavailable`,
   * `platform_rate_limited`, `platform_misconfigured`
   */
  identify(code: string, tenant?: string): Promise<PlatformIdentity>;
}

export interface RedirectSignIn extends CodeExchange {
  /** `page`: the platform checks the Referer, so a page of ours leads there by itself, not a bare redirect. Absent: `redirect`. */
  readonly leaveBy?: 'redirect' | 'page';
  /**
   * Where the browser is sent. `state` is 32 letters and digits.
   * @throws AppError `tenant_not_allowed` where the sign-in can't take place in that tenant, or in none that is known
   */
  authorizationUrl(request: AuthorizationRequest): URL | Promise<URL>;
  /**
   * Reads the query of the callback.
   * @returns the code
   * @throws AppError `user_cancelled` when the platform reports a refusal, `callback_incomplete` when the query says
   * nothing at all on a platform that would have reported a refusal
   */
  readCallback(query: URLSearchParams): string;
}

export interface AuthorizationRequest {
  readonly state: string;
  readonly callbackUrl: URL;
  /** `zh` or `en`, where the platform's page takes a language. */
  readonly language: 'zh' | 'en';
  /** The corp in which to sign in, where the connection has several and it is known. */
  readonly tenant?: string;
}

export type InAppSignIn = CodeExchange & {
  /** Whether this User-Agent is the platform's own client. */
  recognises(userAgent: string): boolean;
} & (
    | ({ readonly handOff: 'redirect' } & RedirectSignIn)
    | {
        /** A page of ours asks the client's JSAPI for a code and sends it to the callback as `code`. */
        readonly handOff: 'script';
        /** What the script hands to `dd.requestAuthCode`. */
        readonly bridge: { readonly clientId: string; readonly corpId: string };
      }
  );

export interface Directory {
  /**
   * Reads a person's entry in the corp's directory.
   * @returns `undefined` when this connection may not read the directory
   * @throws AppError `not_a_member` when the person left, is disabled, or is outside the app's visible range; the platform's failures
   */
  read(identity: PlatformIdentity): Promise<PlatformProfile | undefined>;
}

export interface TokenSources {
  /** What every call of the app is made with: the one that other services may be handed. */
  readonly access: TokenSource;
  /** The ticket for `wx.config` / `dd.config`. */
  readonly corpTicket: TokenSource;
  /** The ticket for `wx.agentConfig`; DingTalk has none. */
  readonly agentTicket?: TokenSource;
}

/** Who came back, as (issuer, subject): see DESIGN 1. */
export interface PlatformIdentity extends IdentityName {
  /** The person's id inside the corp as the platform spells it: needed to match events and to read the directory. */
  readonly userId?: string;
  readonly profile: PlatformProfile;
}

/** What the platform said of the person. Absent means: it did not say. Nothing here is a key. */
export interface PlatformProfile {
  readonly displayName?: string;
  readonly avatarUrl?: string;
  readonly gender?: 'male' | 'female';
  /** Never called verified: mailboxes are set by the person. */
  readonly email?: string;
  readonly phone?: PlatformPhone;
}

export interface PlatformPhone {
  /** E.164, e.g. `+8613800000000`. */
  readonly number: string;
  /** True where the corp's own directory, or the person's consent in the client, stands behind it. */
  readonly trusted: boolean;
}

/** What a provider is handed, so that it holds rules and no technique. */
export interface ProviderTools {
  readonly http: HttpClient;
  readonly tokens: PlatformTokens;
  readonly clock: Clock;
  /** The corps that installed the app of this connection. */
  readonly installations: Installations;
  /** The newest ticket of each suite. */
  readonly suiteTickets: SuiteTickets;
  /** For a failure that does not fail the sign-in, e.g. a profile call that was refused. */
  readonly warn: (message: string, details: Readonly<Record<string, unknown>>) => void;
}

/** A field, or a field of a field. */
type SecretName<Settings> = {
  [Name in keyof Settings & string]: Name | `${Name}.${keyof NonNullable<Settings[Name]> & string}`;
}[keyof Settings & string];

/** One line in `provider.factories.ts` for each platform. */
export interface ProviderFactory<Settings extends object, Opened extends AnyProvider = Provider> {
  /** The class, with class-validator decorators, that a connection's own fields are checked against. */
  readonly settings: new () => Settings;
  /**
   * Which of the fields are secret: kept encrypted, write-only. They are `Secret` values in `Settings`. One that stands inside another
   * field is named by its place, e.g. `loginSuite.suiteSecret`.
   */
  readonly secrets: readonly SecretName<Settings>[];
  /** Anybody's corp may come through it, and its administrator type in any number: `matchPhone` is refused. */
  readonly servesManyCorps?: true;
  /** Which fields are fixed once a connection was made: what is kept of the corps that installed the app is of this very app. */
  readonly fixed?: readonly (keyof Settings & string)[];
  open(settings: Settings, tools: ProviderTools): Opened;
}

/** A factory of whatever platform: its settings have been checked against its own class when `open` is called. */
export interface AnyProviderFactory {
  readonly settings: new () => object;
  readonly secrets: readonly string[];
  readonly servesManyCorps?: true;
  readonly fixed?: readonly string[];
  open(settings: never, tools: ProviderTools): AnyProvider;
}
