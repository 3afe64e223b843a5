import { AppError, type ErrorCode } from '../../../common/app-error.js';
import { PlatformTokenRejected } from '../platform-tokens.js';
import { meaningOf } from './dingtalk.meanings.js';
import type { DingtalkRefusal } from './dingtalk.replies.js';
import { scrubbed } from './dingtalk.scrub.js';

const sentences: Partial<Record<ErrorCode, string>> = {
  platform_code_rejected:
    'DingTalk did not accept the sign-in code: it was used already, has expired, or is not for this app.',
  not_a_member: 'This person is not among the members that the app can see in DingTalk.',
  platform_unavailable: 'DingTalk is not available right now. Please try again.',
  platform_rate_limited: 'DingTalk is asked too often right now. Please try again in a moment.',
  platform_misconfigured:
    'The connection to DingTalk is not set up correctly. Please tell an administrator.',
};

/** The call that was refused. */
export interface RefusedCall {
  /** e.g. `topapi/v2/user/get`. */
  readonly name: string;
  /** Whether it was made with the app's token, which can then be dropped and fetched anew. */
  readonly withAppToken: boolean;
  /** What it sent that must not come back in a message: token, code, secret. */
  readonly sensitive: readonly string[];
}

/** The refusal as an error of ours; as `PlatformTokenRejected` where the app's token is to blame. */
export function toError(call: RefusedCall, refusal: DingtalkRefusal): Error {
  const { code: usual, fix, rejectsToken } = meaningOf(refusal);
  // A person's token is a minute old and used once: when it is refused, the next sign-in gets another.
  const code = rejectsToken && !call.withAppToken ? 'platform_unavailable' : usual;
  const platformMessage = messageOf(refusal, call.sensitive);
  const error = new AppError(code, sentences[code] ?? 'DingTalk refused the sign-in.', {
    operator: {
      call: call.name,
      platformCode: refusal.code,
      ...(platformMessage && { platformMessage }),
      fix: typeof fix === 'string' ? fix : fix(refusal),
    },
  });
  return rejectsToken && call.withAppToken ? new PlatformTokenRejected(error) : error;
}

/** A reply that was fine but lacks what it is for. @throws AppError `platform_unavailable` */
export function required<T>(value: T | undefined, call: string, what: string): T {
  if (value !== undefined) return value;
  throw new AppError(
    'platform_unavailable',
    'DingTalk gave an answer that cannot be used. Please try again.',
    {
      operator: {
        call,
        platformMessage: `the answer lacks ${what}`,
        fix: 'Check that `endpoints` lead to DingTalk, and that the app has the permissions that its README lists.',
      },
    },
  );
}

/** Whether it was this code of DingTalk's that ended a call. */
export function isRefusal(error: unknown, ...codes: readonly string[]): error is AppError {
  return error instanceof AppError && codes.includes(error.operator?.platformCode ?? '');
}

function messageOf(refusal: DingtalkRefusal, sensitive: readonly string[]): string | undefined {
  const words = scrubbed(refusal.message, sensitive);
  if (!refusal.requestId) return words;
  return `${words ?? ''} (request id ${refusal.requestId})`.trimStart();
}
