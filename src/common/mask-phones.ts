/** What is written as E.164, and numbers of the mainland with or without their country's code; DingTalk writes `+86-138…`. */
const phones =
  /\+[1-9](?:[ -]?\d){6,14}(?!\d)|(?<![A-Za-z0-9.-])(?:86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?![\w-])/g;

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
  const bare = phone.replace(/[ -]/g, '');
  return `${bare.slice(0, -8)}****${bare.slice(-4)}`;
}
