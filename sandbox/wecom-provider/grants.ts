/** Which app of the provider in which corp; without a suite, the corp's own app. Plain corp id. */
export interface CorpKey {
  readonly corpId: string;
  readonly suiteId?: string;
}

export interface PreAuthCode {
  readonly suiteId: string;
  /** 1: test install. Set by `set_session_info`. */
  authType: 0 | 1;
}

/** What `get_permanent_code` exchanges: an installation, or a reset secret. */
export interface AuthCode extends Required<CorpKey> {
  readonly state?: string;
}

/** `in-app-corp` and `web-corp` are a delegated app's; `old-web` and `console` go to `get_login_info`. */
export type LoginFlow =
  'web-suite' | 'web-corp' | 'in-app-suite' | 'in-app-corp' | 'old-web' | 'console';

export type Scope = 'snsapi_base' | 'snsapi_userinfo' | 'snsapi_privateinfo';

/** What the code of a login stands for. */
export interface LoginCode {
  readonly flow: LoginFlow;
  /** Where the person is; plain. */
  readonly corpId: string;
  /** A member's userid as stored, or a visitor's id. */
  readonly personId: string;
  readonly suiteId?: string;
  readonly scope: Scope;
  readonly redirectHost?: string;
}

export interface UserTicket {
  readonly corpId: string;
  readonly suiteId: string;
  readonly userid: string;
  readonly scope: Scope;
}

/** A page that someone has open. */
export interface LoginAttempt {
  /** `install` lists administrators, `agree` asks one of them, `consent` asks a member. */
  readonly page: 'web-suite' | 'web-corp' | 'old-web' | 'install' | 'agree' | 'consent';
  /** Where it leads back to; an installation from the market leads nowhere. */
  readonly redirectUri?: string;
  readonly state?: string;
  readonly suiteIds: readonly string[];
  /** Of a page of one corp. Plain. */
  readonly corpId?: string;
  /** Who is asked. */
  readonly personId?: string;
  /** The old web login, for administrators. */
  readonly adminsOnly?: boolean;
  readonly isTest?: boolean;
  /** Of a consent page. */
  readonly flow?: 'in-app-suite' | 'in-app-corp';
}
