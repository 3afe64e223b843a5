/** A request parameter as text; one that is missing, or stands several times, is empty. */
export function textOf(parameter: unknown): string {
  return typeof parameter === 'string' ? parameter : '';
}
