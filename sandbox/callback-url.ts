/**
 * The redirect URL with parameters added as the platforms do: at the end of its query, byte for byte otherwise.
 * A fragment is lost (reference wecom 5).
 */
export function callbackUrl(
  redirectUri: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const [base = ''] = redirectUri.split('#');
  const query = Object.entries(parameters)
    .filter((parameter): parameter is [string, string] => parameter[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  if (query === '') return base;
  return `${base}${base.includes('?') ? '&' : '?'}${query}`;
}
