import { pageRefused } from '../../auth/providers/jsapi.js';

/**
 * The page that is to be signed: as the browser shows it, without the fragment. Nothing of it is rewritten, since every letter
 * counts in the signature.
 * @param origins the web origins for which pages may be signed
 * @throws AppError `value_not_allowed` naming `url`
 */
export function pageUrl(given: string, origins: readonly string[]): string {
  const [url = ''] = given.split('#', 1);
  // Parsers drop control characters, and browsers show none: such a text is no page's address.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(url) || !URL.canParse(url)) throw notShown();
  const { origin } = new URL(url);
  const rest = url.slice(origin.length);
  if (!url.startsWith(origin) || !/^(?:[/?]|$)/.test(rest)) throw notShown();
  if (!origins.includes(origin))
    throw pageRefused('url', 'must be of an origin in the connection’s jsapiOrigins');
  return url;
}

function notShown() {
  return pageRefused('url', 'must be an http(s) address as the browser shows it');
}
