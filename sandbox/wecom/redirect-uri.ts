/** The host and port of a redirect address, or undefined when it is none that a browser could be sent to. */
export function redirectHost(redirectUri: string | undefined): string | undefined {
  if (redirectUri === undefined || !URL.canParse(redirectUri)) return undefined;
  const { protocol, host, username, password } = new URL(redirectUri);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  return username === '' && password === '' ? host : undefined;
}
