import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** A JSON object from a platform. Nothing in it is believed before it is read through one of the readers below. */
export type ReplyObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): ReplyObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as ReplyObject)
    : {};
}

/** A text that says something; platforms send empty ones, and sometimes numbers, in its place. */
export function asText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** A number, also where a platform sent it as text. */
export function asNumber(value: unknown): number | undefined {
  const text = asText(value);
  return text !== undefined && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

/** A phone in E.164; `undefined` for one that is masked or that no country has. */
export function asPhone(mobile: unknown, stateCode?: unknown): string | undefined {
  const digits = asText(mobile);
  if (!digits || digits.includes('*')) return undefined;
  const country = asText(stateCode)?.replace(/^\+/, '');
  const written = country && !digits.startsWith('+') ? `+${country}${digits}` : digits;
  const parsed = parsePhoneNumberFromString(written, 'CN');
  return parsed?.isValid() ? parsed.number : undefined;
}
