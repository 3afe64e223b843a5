import type { ErrorCode } from '../../../common/app-error.js';
import type { EngineCode } from './engine-messages.js';
import type { Language } from './language.js';

interface Localised {
  readonly language: Language;
}

/** One way to sign in, as a button. */
export interface ConnectionChoice {
  readonly slug: string;
  readonly displayName: string;
  /** Decides the mark beside the name; a platform without a mark of its own gets a neutral one. */
  readonly platform: string;
  /** Where the button leads: our hand-off. */
  readonly href: string;
}

export interface LoginModel extends Localised {
  readonly clientName: string;
  readonly connections: readonly ConnectionChoice[];
  /** A quiet link under the buttons, in the page's language. */
  readonly otherWay?: { readonly label: string; readonly href: string } | undefined;
}

export interface StartAgainModel extends Localised {
  readonly code: ErrorCode;
  readonly requestId: string;
  /** Begins the sign-in anew in this browser; without it, the page sends the person back to the application. */
  readonly startAgainUrl?: string | undefined;
}

export interface ErrorModel extends Localised {
  /** One of our codes or the protocol engine's; any other gets general words. */
  readonly code: ErrorCode | EngineCode | (string & {});
  /** One more sentence for support, in English and safe to show, e.g. an `AppError`'s message. */
  readonly message?: string | undefined;
  readonly requestId: string;
  /** The HTTP status. */
  readonly status: number;
  readonly startAgainUrl?: string | undefined;
}

export interface HandOffScriptModel extends Localised {
  /** What the script hands to DingTalk's `requestAuthCode`. */
  readonly bridge: { readonly clientId: string; readonly corpId: string };
  /** Our callback with its `state`; the script adds `code`. */
  readonly callbackUrl: string;
  /** The web way, for when the script gets no code. */
  readonly fallbackUrl: string;
  /** An absolute URL in place of DingTalk's public one: for private deployments and tests. */
  readonly jsapiScriptUrl?: string | undefined;
}

export interface HandOffForwardModel extends Localised {
  readonly url: string;
}

export type SignedOutModel = Localised;

export interface ConfirmSignOutModel extends Localised {
  readonly clientName?: string | undefined;
  /** The engine's confirmation address, which takes `xsrf` and, to end the session, `logout=yes`. */
  readonly action: string;
  readonly xsrf: string;
  /** Absolute URLs where the engine may redirect to after the post: the client's post-logout address. */
  readonly leadsTo?: readonly string[] | undefined;
}
