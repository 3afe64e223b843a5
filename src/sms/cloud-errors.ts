import { AppError } from '../common/app-error.js';

/** What a cloud's code means to us. */
export type CloudMeaning =
  /** The cloud limits how many messages one number gets. */
  | { readonly kind: 'limited' }
  | { readonly kind: 'no-such-number' }
  | { readonly kind: 'refused'; readonly fix: string };

const limitedSeconds = 60;

/** A message that a cloud did not take, in our words. Numbers, codes and keys are cut from the cloud's own. */
export function cloudError(
  call: string,
  platformCode: string | undefined,
  words: string | undefined,
  meanings: Readonly<Record<string, CloudMeaning>>,
): AppError {
  const meaning = Object.hasOwn(meanings, platformCode ?? '')
    ? meanings[platformCode ?? '']
    : undefined;
  const operator = {
    call,
    platformCode: platformCode ?? 'no answer',
    ...(words !== undefined && { platformMessage: scrubbed(words) }),
    ...fixOf(platformCode, meaning),
  };
  switch (meaning?.kind) {
    case 'limited':
      return new AppError('too_many_requests', 'This number has got too many codes lately.', {
        operator,
        retryAfterSeconds: limitedSeconds,
      });
    case 'no-such-number':
      return new AppError('phone_invalid', 'No code can be sent to this number.', { operator });
    default:
      return new AppError('sms_unavailable', 'The code could not be sent.', { operator });
  }
}

/** The code of a refusal, from whatever an SDK throws: theirs are words with dots; a broken connection has Node's. */
export function platformCodeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[A-Za-z][\w.-]{1,99}$/.test(code) && code !== 'undefined'
    ? code
    : undefined;
}

function fixOf(
  platformCode: string | undefined,
  meaning: CloudMeaning | undefined,
): { readonly fix?: string } {
  if (meaning) return meaning.kind === 'refused' ? { fix: meaning.fix } : {};
  return {
    fix:
      platformCode === undefined || /^E[A-Z_]+$/.test(platformCode)
        ? 'Check that this host can reach the SMS service (DNS, firewall, OUTBOUND_PROXY, SMS_ENDPOINT), and its status page.'
        : 'Look the code up in the SMS service’s list of errors.',
  };
}

function scrubbed(words: string): string {
  return words
    .slice(0, 2000)
    .replace(/https?:\/\/\S+/g, '…')
    .replace(/[+\w/=%-]{16,}/g, '…')
    .replace(/\d{4,}/g, '…')
    .slice(0, 300);
}
