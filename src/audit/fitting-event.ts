import { maskPhones } from '../common/mask-phones.js';
import type { AuditEvent } from './audit.service.js';

const longest = {
  action: 64,
  reason: 200,
  actor: 120,
  connection: 64,
  clientId: 100,
  ip: 64,
  requestId: 64,
} as const satisfies Partial<Record<keyof AuditEvent, number>>;

const longestDetail = 500;

/** Half a pair of surrogates and NUL, which Postgres cannot hold; and what would break a line. */
const unstorable = /[\p{Surrogate}\p{Control}]/gu;

/**
 * An event as it may be kept: no phone number in its words, no text from outside longer than sane, and nothing in it that the table
 * would refuse. So that nobody can keep an act of theirs out of the audit by what they send along.
 */
export function fittingEvent(event: AuditEvent): AuditEvent {
  const texts = Object.entries(longest).flatMap(([name, length]) => {
    const text = event[name as keyof typeof longest];
    if (text === undefined) return [];
    return [[name, storable(name === 'reason' ? maskPhones(text) : text, length)]];
  });
  return {
    ...event,
    ...(Object.fromEntries(texts) as Partial<AuditEvent>),
    ...(event.details && { details: eachText(maskPhones(event.details)) }),
  };
}

function storable(text: string, length: number): string {
  return text.slice(0, length).replace(unstorable, '\uFFFD');
}

function eachText<T>(value: T): T {
  if (typeof value === 'string') return storable(value, longestDetail) as T;
  if (Array.isArray(value)) return value.map((each: unknown) => eachText(each)) as T;
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, eachText(inner as unknown)]),
    ) as T;
  }
  return value;
}
