import type { JsapiCall, JsapiPage } from '../wecom/jsapi-verification.js';
import type { BadCallbackKind } from './bad-callbacks.js';
import type { CallbackAttempt } from './callback-sender.js';
import type { XmlFields } from './callback-envelope.js';
import type { CallbackUrl } from './callback-urls.js';
import type { MemberChanges } from './contacts.js';
import type { Agreement } from './installing.js';
import type { WecomProviderSettings } from './settings.js';
import type { CorpMember, CustomerCorp, Installation, WecomProviderWorld } from './world.js';

/** Which of the provider's tokens. */
export type TokenKind = 'provider' | 'suite' | 'corp';

export type InstallOptions = Omit<Agreement, 'corpId' | 'suiteId'> & {
  /** `false`: no `create_auth`, as if it had been lost; the code can be used all the same. */
  readonly push?: boolean;
};

export interface Installed {
  /** What `get_permanent_code` exchanges, once. */
  readonly authCode: string;
  /** As the provider sees it. */
  readonly corpId: string;
  readonly agentId: number;
  readonly permanentCode: string;
  /** How the callback was answered; absent when none was sent. */
  readonly answer?: CallbackAttempt;
}

/** What a tester may do on the provider's side. Corps and people are named by their plain ids. */
export interface WecomProviderControl {
  /** The live world: change it as an administrator would. */
  readonly world: WecomProviderWorld;
  readonly settings: WecomProviderSettings;

  /** The id of a corp as the provider sees it now. */
  seenCorpId(corpId: string): string;
  seenUserid(corpId: string, userid: string): string;
  openUserid(corpId: string, userid: string): string;

  /** Host with port, no scheme: for one suite, or for all of them and the old web login. Outlives a reset. */
  trustDomain(hostWithPort: string, suiteId?: string): void;
  /**
   * Saves a callback URL after checking it. A command URL gets a ticket at once, unless ticket pushes are off.
   * Outlives a reset.
   */
  registerCallback(callback: CallbackUrl): Promise<CallbackAttempt>;
  forgetCallbacks(suiteId?: string): void;

  /** A new ticket that nobody is told of. */
  issueTicket(suiteId: string): string;
  /** Pushes a new ticket to one suite, or to all. */
  pushTicket(suiteId?: string): Promise<CallbackAttempt[]>;
  /** Installs from the market, or by a template's code: `create_auth`. */
  install(corpId: string, suiteId: string, options?: InstallOptions): Promise<Installed>;
  /** Another visible range, another mode, switched off or on: `change_auth`. */
  change(
    corpId: string,
    suiteId: string,
    changes: Partial<Pick<Installation, 'visible' | 'authMode'>> & {
      readonly status?: 'active' | 'disabled';
    },
  ): Promise<CallbackAttempt | undefined>;
  /** Removes the app: `cancel_auth`. */
  cancel(corpId: string, suiteId: string): Promise<CallbackAttempt | undefined>;
  /** A delegated app's secret is replaced: `reset_permanent_code`. */
  resetPermanentCode(corpId: string, suiteId: string): Promise<Installed>;

  /** People come, change and leave: `change_contact` to every app that sees them. */
  createMember(corpId: string, member: CorpMember): Promise<CallbackAttempt[]>;
  updateMember(corpId: string, userid: string, changes: MemberChanges): Promise<CallbackAttempt[]>;
  deleteMember(corpId: string, userid: string): Promise<CallbackAttempt[]>;

  /** Any event for the command URL. */
  pushCommand(
    suiteId: string,
    infoType: string,
    fields?: XmlFields,
  ): Promise<CallbackAttempt | undefined>;
  /** Any event for the data URL, or a delegated app's own. */
  pushCorpEvent(
    corpId: string,
    suiteId: string,
    fields: XmlFields & { readonly Event: string },
  ): Promise<CallbackAttempt | undefined>;
  /** A callback with one thing wrong; with a corp it says `cancel_auth`, else it brings a ticket `FORGED`. */
  pushBad(kind: BadCallbackKind, suiteId: string, corpId?: string): Promise<CallbackAttempt>;
  badSignature(suiteId: string, corpId?: string): Promise<CallbackAttempt>;
  wrongReceiveId(suiteId: string, corpId?: string): Promise<CallbackAttempt>;
  /** Every request to a callback URL and its answer, oldest first. */
  callbacks(): readonly CallbackAttempt[];
  /** When nothing is being sent any more. */
  settled(): Promise<void>;

  /** More customers with encrypted ids, each with members `member1` … and an administrator, `member1`. */
  addCorps(count: number, membersEach?: number): CustomerCorp[];
  /** Who is logged in to the client, when the request does not say. */
  setClientUser(corpId: string, id: string): void;
  /** Plays the way from the administrators' console: an `auth_code` for the app's settings page. */
  consoleCode(corpId: string, userid: string): string;
  /** Plays the client: `wx.config` or `wx.agentConfig` on a page. 0, or the code it refuses with. */
  verifyJsapi(call: JsapiCall, page: JsapiPage): number;
  /** Takes consents back. */
  forgetConsents(): void;
  /** Invalidates tokens before their time: of one kind, or all. */
  invalidateTokens(kind?: TokenKind): void;
}
