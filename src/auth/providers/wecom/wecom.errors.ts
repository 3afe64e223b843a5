import { AppError, type ErrorCode } from '../../../common/app-error.js';
import { PlatformTokenRejected } from '../platform-tokens.js';
import { meaningOf, type Meanings } from './wecom.meanings.js';
import type { WecomRefusal } from './wecom.replies.js';
import { scrubbed } from './wecom.scrub.js';

const sentences: Partial<Record<ErrorCode, string>> = {
  platform_code_rejected:
    'WeCom did not accept the sign-in code: it was used already, has expired, or is not for this app.',
  not_a_member: 'This person is not among the members that the app can see in WeCom.',
  platform_unavailable: 'WeCom is not available right now. Please try again.',
  platform_rate_limited: 'WeCom is asked too often right now. Please try again in a moment.',
  tenant_not_allowed: 'This company has not installed the app in WeCom, or took it away.',
  platform_misconfigured:
    'The connection to WeCom is not set up correctly. Please tell an administrator.',
};

/** The call that was refused. */
export interface RefusedCall {
  /** e.g. `auth/getuserinfo`. */
  readonly name: string;
  /** Whether it was made with a platform token: 40001 then speaks of that token, not of the secret. */
  readonly withToken: boolean;
  /** What it sent that must not come back in a message: token, code, secret. */
  readonly sensitive: readonly string[];
  /** The host that the person was sent back to, where the call spends a code. */
  readonly callbackHost?: string;
  readonly meanings?: Meanings;
}

/** The refusal as an error of ours; as `PlatformTokenRejected` where the token is to blame. */
export function toError(call: RefusedCall, refusal: WecomRefusal): Error {
  const { code, fix, rejectsToken } = meaningOf(refusal, call.meanings);
  const { callbackHost } = call;
  const platformMessage = scrubbed(refusal.message, call.sensitive);
  const error = new AppError(code, sentences[code] ?? 'WeCom refused the sign-in.', {
    operator: {
      call: call.name,
      platformCode: refusal.code,
      ...(platformMessage && { platformMessage }),
      fix:
        typeof fix === 'string'
          ? fix
          : fix({ ...refusal, ...(callbackHost !== undefined && { callbackHost }) }),
    },
  });
  return rejectsToken && call.withToken ? new PlatformTokenRejected(error) : error;
}

/**
 * A reply that was fine but lacks what it is for, or says two things at once.
 * @param call the call's name
 * @param words what is wrong with the reply, e.g. `the answer lacks userid`
 * @returns AppError `platform_unavailable`
 */
export function unusable(call: string, words: string): AppError {
  return new AppError(
    'platform_unavailable',
    'WeCom gave an answer that cannot be used. Please try again.',
    {
      operator: {
        call,
        platformMessage: words,
        fix: 'Check that `endpoints` lead to WeCom, and what a proxy in between does to answers.',
      },
    },
  );
}

/** Whether it was this code of WeCom's that ended a call. */
export function isRefusal(error: unknown, ...codes: readonly string[]): error is AppError {
  return error instanceof AppError && codes.includes(error.operator?.platformCode ?? '');
}
