/** The languages that the pages speak. */
export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

/**
 * Picks the language of a page.
 *
 * @param acceptLanguage the browser's `Accept-Language` header
 * @param uiLocales the `ui_locales` of the authorization request: tags in order of preference, separated by spaces.
 * It goes first, as the client asked for it; when it names no language of ours, the header decides.
 * @returns `zh-CN` when nothing was asked for (the customers are Chinese companies), `en` when only other languages were
 */
export function chooseLanguage(acceptLanguage: string | undefined, uiLocales?: string): Language {
  const asked = askedFor(uiLocales);
  if (asked) return asked;

  const accepted = tagsByWeight(acceptLanguage ?? '');
  if (accepted.length === 0) return 'zh-CN';
  return firstSpoken(accepted) ?? 'en';
}

/**
 * The browser of a waiting request, in the language that its client asked for, where that is one of ours.
 *
 * @param params the client's authorization parameters
 */
export function inLanguageOf<Browser extends { readonly language: Language }>(
  browser: Browser,
  params: Readonly<Record<string, unknown>> | undefined,
): Browser {
  const uiLocales = params?.['ui_locales'];
  const language = typeof uiLocales === 'string' ? askedFor(uiLocales) : undefined;
  return language ? { ...browser, language } : browser;
}

function askedFor(uiLocales: string | undefined): Language | undefined {
  return firstSpoken(uiLocales?.trim().split(/\s+/) ?? []);
}

function firstSpoken(tags: readonly string[]): Language | undefined {
  return tags.map(spokenFor).find((language) => language !== undefined);
}

/** Every Chinese and every English is ours; `*` means "whatever you have". */
function spokenFor(tag: string): Language | undefined {
  const primary = tag.toLowerCase().split('-', 1)[0];
  if (primary === 'zh' || primary === '*') return 'zh-CN';
  return primary === 'en' ? 'en' : undefined;
}

/** The header's tags, the most wanted first; those with `q=0` are refused, not wanted (RFC 9110, 12.5.4). */
function tagsByWeight(header: string): string[] {
  return header
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((piece) => piece.trim());
      const q = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2);
      return { tag, weight: q === undefined ? 1 : Number(q) };
    })
    .filter(({ tag, weight }) => tag !== '' && weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag);
}
