/** Long, with a letter and a digit in it: a token, a ticket, a secret. A `hint: [...]` looks alike in its older form. */
const tokenLike = /(?<![\w-])(?<!hint: \[)(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{24,}/gi;
const named = /\b(access_?token|\w*secret|js_?code|code|\w*ticket)("?\s*[=:]\s*"?)[^\s&"',)\]]+/gi;
const mobile = /(?<!\d)1[3-9]\d{9}(?!\d)/g;

/**
 * WeCom's own words for an operator's eyes: the text, its hint and the caller's address stay, by which WeCom's staff find the call.
 * @param sensitive what was sent: gone from the words whatever it looks like
 */
export function scrubbed(
  words: string | undefined,
  sensitive: readonly string[],
): string | undefined {
  if (words === undefined) return undefined;
  return sensitive
    .filter((value) => value !== '')
    .flatMap((value) => [value, encodeURIComponent(value)])
    .reduce((text, value) => text.replaceAll(value, '***'), words)
    .replace(named, '$1$2***')
    .replace(tokenLike, '***')
    .replace(mobile, '***')
    .slice(0, 400);
}
