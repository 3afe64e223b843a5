import type { Secret } from '../../common/secret.js';

/** How it stands with a corp that installed the app (DESIGN 12): `suspended` by us, `cancelled` by the corp. */
export type InstallationStatus = 'active' | 'suspended' | 'cancelled';

/** A corp that installed a service provider's app. Ids are compared with case (reference wecom-service-provider 11). */
export interface Installation {
  /** As this provider sees it: plain or encrypted. */
  readonly corpId: string;
  readonly name?: string;
  /** The app's agent id in this corp; known after `get_auth_info`. */
  readonly agentId?: string;
  readonly status: InstallationStatus;
  /** Deleted when the corp cancels. */
  readonly permanentCode?: Secret;
}

/** What an authorization gave. */
export interface GrantedInstallation {
  readonly corpId: string;
  readonly name?: string;
  readonly agentId?: string;
  readonly permanentCode: Secret;
  /** When the corp gave it, where that is known to be earlier than now. */
  readonly grantedAt?: Date;
}

/** The corps of one connection, as its provider sees their storage: durable, the same for all replicas. */
export interface Installations {
  find(corpId: string): Promise<Installation | undefined>;
  /** All of them, without their codes: to name them, nothing has to be opened. */
  list(): Promise<readonly Omit<Installation, 'permanentCode'>[]>;
  /** Installs, or installs anew: `active` afterwards, unless it was suspended by us. */
  save(granted: GrantedInstallation): Promise<void>;
  /** What is known of it now; leaves the rest, and its status, as they are. */
  describe(
    corpId: string,
    facts: { readonly name?: string; readonly agentId?: string },
  ): Promise<void>;
  /**
   * The authorization is over: `cancelled`, secrets deleted.
   * @param only if this is still its code, or if it was granted no later than this: a late refusal or event must not end a new authorization
   */
  cancel(corpId: string, only?: Secret | Date): Promise<boolean>;
}

/** A ticket that WeCom pushed for a suite (reference 3.2, 7.4). */
export interface SuiteTicket {
  readonly value: Secret;
  /** The `TimeStamp` of the push. */
  readonly pushedAt: Date;
}

/** The newest ticket of each suite: durable, the same for all replicas. */
export interface SuiteTickets {
  find(suiteId: string): Promise<SuiteTicket | undefined>;
  /** Keeps the newer one. @returns whether this one is now kept */
  save(suiteId: string, ticket: SuiteTicket): Promise<boolean>;
}

/** Installing a service provider's app from a page of ours (reference 4.1 to 4.4, 9.1). */
export interface Installing {
  /**
   * Where the corp's administrator goes, by a click on a page of ours: WeCom checks the Referer. Fetches a short-lived pre-auth code.
   * @throws AppError the platform's failures
   */
  installUrl(request: { readonly state: string; readonly callbackUrl: URL }): Promise<URL>;
  /** Reads the query with which WeCom comes back. @throws AppError `user_cancelled` */
  readCallback(query: URLSearchParams): string;
  /**
   * Trades an authorization code, from the callback or from an event, for the installation, and saves it.
   * @throws AppError `platform_code_rejected`, the platform's failures
   */
  complete(authCode: string): Promise<Installation>;
}
