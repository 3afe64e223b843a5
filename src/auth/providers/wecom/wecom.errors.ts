import { AppError, type ErrorCode } from '../../../common/app-error.js';
import { asNumber, asObject, asText, withoutSecrets } from '../platform-reply.js';
import { PlatformTokenRejected } from '../platform-tokens.js';

interface Meaning {
  readonly code: ErrorCode | 'token_rejected';
  readonly fix?: string;
}

const tokenRejected: Meaning = {
  code: 'token_rejected',
  fix: 'The token is refused even when it is new: check that the secret belongs to this app.',
};
const codeRejected: Meaning = { code: 'platform_code_rejected' };
const notAMember: Meaning = {
  code: 'not_a_member',
  fix: 'If this person should get in, add them to the app’s visible range (可见范围).',
};
const rateLimited: Meaning = {
  code: 'platform_rate_limited',
  fix: 'WeCom limits calls by window (reference 11): share platform tokens between services and wait for the window to pass.',
};
const badSecret: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Check corpId and secret: the secret must be the one of this very app, and the app must be enabled.',
};
const noPermission: Meaning = {
  code: 'platform_misconfigured',
  fix: 'The app may not call this: check its permissions and visible range in WeCom’s console.',
};
const bug: Meaning = {
  code: 'platform_misconfigured',
  fix: 'WeCom does not accept this request: check corpId and agentId, and report it.',
};

/** WeCom's codes (reference wecom 10), by what they mean for a sign-in. */
const meanings: Readonly<Record<number, Meaning>> = {
  [-1]: { code: 'platform_unavailable' },
  40001: badSecret,
  40003: notAMember,
  40013: { code: 'platform_misconfigured', fix: 'Check corpId: WeCom does not know it.' },
  40014: tokenRejected,
  40029: codeRejected,
  40056: { code: 'platform_misconfigured', fix: 'Check agentId: WeCom does not know it.' },
  40058: bug,
  40063: bug,
  40091: badSecret,
  41001: tokenRejected,
  41002: bug,
  41004: bug,
  41008: codeRejected,
  41009: bug,
  42001: tokenRejected,
  42003: codeRejected,
  42013: codeRejected,
  42022: codeRejected,
  45009: rateLimited,
  45033: rateLimited,
  48002: noPermission,
  48006: noPermission,
  48009: noPermission,
  50001: {
    code: 'platform_misconfigured',
    fix: 'Add this service’s host, with its port, as the app’s trusted domain or as its login callback domain (授权回调域).',
  },
  50002: notAMember,
  50003: {
    code: 'platform_misconfigured',
    fix: 'The app is disabled: enable it in WeCom’s console.',
  },
  60011: notAMember,
  60020: {
    code: 'platform_misconfigured',
    fix: 'Add the address in the message to the app’s trusted IPs (企业可信IP); it takes effect after a minute.',
  },
  60021: notAMember,
  60111: notAMember,
  301002: {
    code: 'platform_misconfigured',
    fix: 'The secret belongs to another app than agentId says.',
  },
  2000002: { code: 'platform_misconfigured', fix: 'Check corpId: WeCom does not know it.' },
};

const sentences: Partial<Record<ErrorCode, string>> = {
  platform_code_rejected:
    'WeCom did not accept the sign-in code: it was used already, has expired, or is not for this app.',
  not_a_member: 'This person is not among the members that the app can see in WeCom.',
  platform_unavailable: 'WeCom is not available right now. Please try again.',
  platform_rate_limited: 'WeCom is asked too often right now. Please try again in a moment.',
  platform_misconfigured:
    'The connection to WeCom is not set up correctly. Please tell an administrator.',
};

/** A refusal as WeCom words it. */
export interface WecomRefusal {
  readonly code: number;
  readonly message: string | undefined;
}

/** HTTP 200 and an `errcode` other than 0; absent means success (reference 2). Other fields of a refusal mean nothing. */
export function refusalOf(status: number, body: unknown): WecomRefusal | undefined {
  const reply = asObject(body);
  const code = asNumber(reply['errcode']);
  if (code !== undefined)
    return code === 0 ? undefined : { code, message: asText(reply['errmsg']) };
  return status >= 400 ? { code: -1, message: `HTTP ${status}` } : undefined;
}

/** Only -1 asks to be tried again at once; a frequency limit lasts as long as its window. */
export function isBusy(refusal: WecomRefusal | undefined): boolean {
  return refusal?.code === -1;
}

/** @param asToken whether the call was made with a platform token: 40001 then speaks of that token, not of a secret */
export function toError(call: string, refusal: WecomRefusal, asToken: boolean): Error {
  const meaning =
    refusal.code === 40001 && asToken
      ? tokenRejected
      : (meanings[refusal.code] ?? {
          code: 'platform_unavailable',
          fix: 'A code that is not known here: look it up at open.work.weixin.qq.com/devtool/query.',
        });
  const rejected = meaning.code === 'token_rejected';
  const ours: ErrorCode =
    meaning.code === 'token_rejected' ? 'platform_misconfigured' : meaning.code;
  const platformMessage = withoutSecrets(refusal.message);
  const error = new AppError(ours, sentences[ours] ?? 'WeCom refused the sign-in.', {
    operator: {
      call,
      platformCode: String(refusal.code),
      ...(platformMessage && { platformMessage }),
      ...(meaning.fix && { fix: meaning.fix }),
    },
  });
  return rejected ? new PlatformTokenRejected(error) : error;
}
