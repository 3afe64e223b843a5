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

export interface TenantsModel extends Localised {
  /** Decides the mark beside each name. */
  readonly platform: string;
  readonly tenants: readonly {
    readonly corpId: string;
    readonly name: string;
    readonly href: string;
  }[];
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

export interface SendFormModel extends Localised {
  /** The application's address. */
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
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

/** A page with a form of ours. */
interface WithForm extends Localised {
  /** Ties every form of the page to this browser: a hidden field named `csrf`. */
  readonly csrf: string;
  /** Says above the form what was wrong with what was sent. */
  readonly complaint?: Complaint | undefined;
}

/** A page on the way of a sign-in, which always has a way out. */
interface OnTheWay extends WithForm {
  /** POST: ends this sign-in and goes back to the application. */
  readonly cancelAction: string;
  /** Where the browser may go on to after a form: the application's own addresses. */
  readonly leadsTo?: readonly string[] | undefined;
}

/** What was wrong with the last thing that was sent; the page stays, and the person can mend it. */
export interface Complaint {
  readonly code: ErrorCode;
  /** With `phone_code_wrong`: how many more guesses there are. */
  readonly triesLeft?: number | undefined;
  /** With `too_many_requests`: how long to wait. */
  readonly waitSeconds?: number | undefined;
}

/** Asks for a mobile number, to which a code is sent. */
export interface PhoneModel extends OnTheWay {
  /** `sign-up`: the first sign-in; `sign-in`: the local platform; `have-account`: finds the account that the person says they have. */
  readonly purpose: 'sign-up' | 'sign-in' | 'have-account';
  readonly connectionName: string;
  /** POST `phone`. */
  readonly action: string;
  /** Filled in before, as a person of the country writes it. */
  readonly phone?: string | undefined;
  readonly passwordHref?: string | undefined;
  readonly backHref?: string | undefined;
}

/** Asks for the six digits that were sent. */
export interface PhoneCodeModel extends OnTheWay {
  /** e.g. `138****0001`. */
  readonly maskedPhone: string;
  /** POST `code`. */
  readonly action: string;
  /** POST: sends another code. */
  readonly resendAction: string;
  /** How long until another code may be sent; 0: now. */
  readonly resendAfterSeconds: number;
  readonly changePhoneHref: string;
}

/** Phone and password, where an administrator set one. */
export interface PasswordModel extends OnTheWay {
  readonly connectionName: string;
  /** POST `phone` and `password`. */
  readonly action: string;
  readonly phone?: string | undefined;
  readonly phoneCodeHref?: string | undefined;
}

/** The password must be changed at its first use. */
export interface NewPasswordModel extends OnTheWay {
  /** POST `password` and `repeated`. */
  readonly action: string;
  readonly minLength: number;
}

/** Whom a platform says that someone is. */
export interface IdentityModel {
  readonly platform: string;
  readonly connectionName: string;
  readonly displayName?: string | undefined;
  /** The corp's id. */
  readonly tenant?: string | undefined;
}

/** `signUp: ask`: the first time, people are asked. */
export interface ChoiceModel extends OnTheWay {
  readonly identity: IdentityModel;
  /** POST `choice`: `create`, or `ask-administrator` where `mayAskAdministrator`. */
  readonly action: string;
  readonly haveAccountHref: string;
  readonly mayAskAdministrator: boolean;
  /** Whether an administrator has been asked already. */
  readonly asked: boolean;
  /** A number that was proven and belongs to no account: one that is created gets it. Masked. */
  readonly provenPhone?: string | undefined;
}

/** "I already have an account": how to prove it. */
export interface OtherWaysModel extends OnTheWay {
  readonly identity: IdentityModel;
  /** By phone code, where codes can be sent. */
  readonly phoneHref?: string | undefined;
  readonly connections: readonly ConnectionChoice[];
  readonly backHref: string;
}

/** Names both sides and asks for a click, before an identity is bound. */
export interface ConfirmBindingModel extends OnTheWay {
  readonly identity: IdentityModel;
  readonly account: {
    readonly displayName?: string | undefined;
    readonly maskedPhone?: string | undefined;
  };
  /** POST. */
  readonly action: string;
}

/** The way ends here: says why, and how to go on. */
export interface DeadEndModel extends OnTheWay {
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly anotherNumberHref?: string | undefined;
  readonly backHref?: string | undefined;
}

/** An administrator has been asked. */
export type RequestSentModel = OnTheWay;

/** `/account`: what a person sees of themselves. */
export interface AccountModel extends WithForm {
  readonly account: {
    readonly displayName?: string | undefined;
    readonly phone?: string | undefined;
    readonly phoneVerified: boolean;
    readonly email?: string | undefined;
  };
  readonly identities: readonly (IdentityModel & {
    readonly userId?: string | undefined;
    readonly boundAt: Date;
    readonly lastUsedAt: Date;
    /** When the person left the corp: nobody signs in with it any more. */
    readonly leftAt?: Date | undefined;
    /** POST. */
    readonly unbindAction: string;
  })[];
  /** Platforms that can be bound: a POST each. */
  readonly bindable: readonly {
    readonly slug: string;
    readonly displayName: string;
    readonly platform: string;
    readonly action: string;
  }[];
  readonly sessions: readonly {
    readonly current: boolean;
    readonly connectionName: string;
    readonly signedInAt: Date;
  }[];
  /** POST. */
  readonly signOutEverywhereAction: string;
  readonly signOutHref: string;
  /** What has just been done. */
  readonly done?: 'bound' | 'unbound' | undefined;
}
