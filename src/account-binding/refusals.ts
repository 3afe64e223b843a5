import { AppError } from '../common/app-error.js';
import type { RefusalCode } from './binding-rules.js';

const sentences: Readonly<Record<RefusalCode, string>> = {
  account_disabled: 'This account is disabled. Please ask an administrator.',
  account_not_found: 'There is no account for this person here. Please ask an administrator.',
  binding_conflict:
    'That account is bound to another person of the same company already. Please ask an administrator.',
};

/** What the binding rules refused, in words. */
export function refusal(code: RefusalCode): AppError {
  return new AppError(code, sentences[code]);
}
