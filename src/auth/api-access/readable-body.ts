import type { FieldFault } from '../../common/app-error.js';
import { faultyFields } from '../../common/request-validation.js';

/** Deeper than any body of ours, and far from what exhausts the stack. */
const deepest = 10;
/** JSON may hold them, a text in Postgres cannot. */
const unstorable = /[\0\p{Surrogate}]/u;

/**
 * Refuses what is valid JSON and would yet break whoever reads it next: the libraries that make and check a DTO go down to the last
 * level of unknown fields too, and take an object's `constructor` for its class.
 * @throws AppError `request_invalid`
 */
export function refuseUnreadable(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  const errors = Object.entries(body).flatMap(([field, value]): FieldFault[] => {
    const message = faultOf(value, deepest);
    return message === undefined ? [] : [{ field, message }];
  });
  if (errors.length > 0) throw faultyFields(errors);
}

function faultOf(value: unknown, levels: number): string | undefined {
  if (typeof value === 'string' && unstorable.test(value))
    return 'must not hold a NUL character or half a surrogate pair';
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return 'is nested too deeply';
  if (Object.hasOwn(value, 'constructor')) return 'must not hold a field named constructor';
  for (const part of Object.values(value)) {
    const fault = faultOf(part, levels - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
