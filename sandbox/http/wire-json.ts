/**
 * JSON as it goes over the wire. A bigint is written with all its digits: DingTalk sends numbers that a double
 * cannot hold (reference dingtalk 3.3), which `JSON.stringify` cannot.
 */
export function wireJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map((item) => wireJson(item)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => `${JSON.stringify(key)}:${wireJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  return value === undefined ? 'null' : JSON.stringify(value);
}
