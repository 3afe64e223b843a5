/** Long and with a digit in it: a token, a ticket, a secret. A permission's name has no digit. */
const tokenLike = /(?<![\w-])(?=[\w-]*\d)[\w-]{24,}/g;
const named =
  /\b(access_?token|auth_?code|tmp_auth_code|\w*secret|ticket)(\s*[=:]\s*)[^&\s"',)\]]+/gi;
const mobile = /(?<!\d)1[3-9]\d{9}(?!\d)/g;

/**
 * The platform's own words for an operator's eyes.
 * @param sensitive what was sent: gone from the words whatever it looks like
 */
export function scrubbed(
  words: string | undefined,
  sensitive: readonly string[],
): string | undefined {
  if (words === undefined) return undefined;
  return sensitive
    .filter((value) => value !== '')
    .reduce((text, value) => text.replaceAll(value, '***'), words)
    .replace(named, '$1$2***')
    .replace(tokenLike, '***')
    .replace(mobile, '***')
    .slice(0, 400);
}
