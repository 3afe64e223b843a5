/** A choice where WeCom's pages are silent or disagree (reference 13.2, 14). */
export interface WecomProviderSettings {
  /** Asking again for a suite token within its lifetime: the same, or a new one beside the old. */
  repeatedSuiteToken: 'same' | 'new';
  /** A provider token that is wrong or has run out, where the parameter is `access_token`. */
  badProviderTokenCode: 40082 | 40014;
  expiredCorpTokenCode: 42001 | 40014;
  /** A delegated app's secret at `gettoken`. */
  badSecretCode: 40001 | 40091;
  spentCodeCode: 40029 | 42022;
  expiredCodeCode: 40029 | 42003;
  /** `get_corp_token` and `get_auth_info` after the corp cancelled. */
  cancelledCode: 40084 | 48004;
  /** `get_corp_token` for a delegated app. */
  delegatedCorpTokenCode: 48002 | 40084;
  /** What `login_type=ServiceApp` takes as `appid`. */
  serviceAppId: 'suite' | 'suite-or-corpid';
  /** Whether disabled members (status 2) get through the login pages. */
  disabledMembers: 'let-in' | 'refused';
  /** Installing from the provider's website pushes nothing, as documented; or the same code in `create_auth` too. */
  websiteInstallPush: 'none' | 'before-redirect' | 'after-redirect';
  /** A corp of plain ids that cancelled everything and comes back. */
  comingBack: 'encrypts' | 'keeps-ids';
  ticketPushes: 'every-ten-minutes' | 'off';
  /** After what a callback is sent again, three times in all. */
  retryOn: 'no-answer' | 'non-200';
  retryDelayMs: number;
  /** How often each callback is delivered beyond the once: the same content, encrypted anew. */
  duplicates: number;
  /** The ReceiveId with which a delegated app's own callback URL is verified. */
  appVerification: 'corp' | 'provider';
  /** How long WeCom waits for the answer to URL checks and authorisation events, and to everything else. */
  promptTimeoutMs: number;
  timeoutMs: number;
}

export const defaultSettings: WecomProviderSettings = {
  repeatedSuiteToken: 'same',
  badProviderTokenCode: 40082,
  expiredCorpTokenCode: 42001,
  badSecretCode: 40001,
  spentCodeCode: 40029,
  expiredCodeCode: 40029,
  cancelledCode: 40084,
  delegatedCorpTokenCode: 48002,
  serviceAppId: 'suite',
  disabledMembers: 'let-in',
  websiteInstallPush: 'none',
  comingBack: 'encrypts',
  ticketPushes: 'every-ten-minutes',
  retryOn: 'no-answer',
  retryDelayMs: 100,
  duplicates: 0,
  appVerification: 'corp',
  promptTimeoutMs: 1000,
  timeoutMs: 5000,
};

/** What each setting may be. */
export const settingChoices: {
  readonly [Name in keyof WecomProviderSettings]: readonly WecomProviderSettings[Name][] | 'number';
} = {
  repeatedSuiteToken: ['same', 'new'],
  badProviderTokenCode: [40082, 40014],
  expiredCorpTokenCode: [42001, 40014],
  badSecretCode: [40001, 40091],
  spentCodeCode: [40029, 42022],
  expiredCodeCode: [40029, 42003],
  cancelledCode: [40084, 48004],
  delegatedCorpTokenCode: [48002, 40084],
  serviceAppId: ['suite', 'suite-or-corpid'],
  disabledMembers: ['let-in', 'refused'],
  websiteInstallPush: ['none', 'before-redirect', 'after-redirect'],
  comingBack: ['encrypts', 'keeps-ids'],
  ticketPushes: ['every-ten-minutes', 'off'],
  retryOn: ['no-answer', 'non-200'],
  retryDelayMs: 'number',
  duplicates: 'number',
  appVerification: ['corp', 'provider'],
  promptTimeoutMs: 'number',
  timeoutMs: 'number',
};
