/** Numbers of the mainland, with or without their country's code, and what is written as E.164. */
const phones = /(?<![\w.+-])(?:\+\d{7,15}|(?:86)?1[3-9]\d{9})(?![\w-])/g;

/**
 * Masks what looks like a phone number in the details of an event: the last line of defence, behind callers who mask what they
 * know.
 */
export function maskPhones<T>(value: T): T {
  if (typeof value === 'string') return value.replace(phones, masked) as T;
  if (typeof value === 'number') {
    const text = String(value);
    const cut = text.replace(phones, masked);
    return (cut === text ? value : cut) as T;
  }
  if (Array.isArray(value)) return value.map((each: unknown) => maskPhones(each)) as T;
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, maskPhones(inner as unknown)]),
    ) as T;
  }
  return value;
}

function masked(phone: string): string {
  return `${phone.slice(0, -8)}****${phone.slice(-4)}`;
}
