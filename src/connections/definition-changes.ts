import { AppError, type FieldFault } from '../common/app-error.js';
import { type Fault } from '../common/faults.js';
import { checkIfMatch } from '../common/entity-tag.js';
import { faultyFields, toFieldFault } from '../common/request-validation.js';
import type { StoredDefinition } from './stored-definitions.js';

/** A body whose fields depend on one of them: it is checked by the rules of the thing itself. */
export type PlainBody = Readonly<Record<string, unknown>>;

/** @throws AppError `request_invalid` for what is no set of fields */
export function asPlainBody(body: unknown): PlainBody {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as PlainBody;
  throw new AppError('request_invalid', 'The body must be a JSON object.');
}

/** @throws AppError `request_invalid` naming every faulty field */
export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.length > 0) throw faultyFields(faults.map(toFieldFault));
}

/**
 * Whether this row may be changed through the API now.
 * @throws AppError `managed_by_file`, `precondition_failed`
 */
export function checkChangeable(stored: StoredDefinition, ifMatch: string | undefined): void {
  if (stored.managedByFile) {
    throw new AppError(
      'managed_by_file',
      'The provisioning file owns this: change it there, and start the service again.',
    );
  }
  checkIfMatch(ifMatch, stored.version);
}

/** The fields as they stand with the changes in; `null` takes one away. */
export function withChanges(before: PlainBody, changes: PlainBody): PlainBody {
  return Object.fromEntries(
    Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null),
  );
}

/** @throws AppError `value_not_allowed` where a field that is fixed once made is to change */
export function refuseChangeOf(
  fields: readonly string[],
  before: PlainBody,
  changes: PlainBody,
): void {
  const errors: FieldFault[] = fields
    .filter((name) => changes[name] !== undefined && changes[name] !== before[name])
    .map((field) => ({ field, message: 'is fixed once made' }));
  if (errors.length > 0)
    throw new AppError('value_not_allowed', 'Some fields cannot be changed.', { errors });
}
