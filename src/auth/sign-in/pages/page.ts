import type { Language } from './language.js';

/** A finished page: what the controller copies into its response. */
export interface Page {
  readonly status: number;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What one page's security policy allows beyond our own style sheet and images. */
export interface Allowances {
  /** Sources of scripts, e.g. `'self'` or an origin; none unless given. */
  readonly scripts?: readonly string[];
  /** Where a form may lead, e.g. `'self'` or a scheme; nowhere unless given. */
  readonly forms?: readonly string[];
}

/** What a page says beyond the headers of every answer (http-headers): nothing inline, nothing foreign, nothing cached. */
export function pageHeaders(language: Language, allow: Allowances = {}): Record<string, string> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Language': language,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': contentSecurityPolicy(allow),
    // Never `no-referrer`: any of these pages may be the one before a platform's, and platforms check the Referer's origin.
    // No path either: the callback's address holds a code.
    'Referrer-Policy': 'strict-origin',
  };
}

/**
 * Where a form may lead that ends at an application: ourselves, and whatever has the scheme of its addresses. Chromium holds every
 * redirect that follows a form to `form-action`, also those by which an application's callback goes on to another origin of its,
 * and a refused one leaves the person on a page where nothing happens (seen 2026-11-21, Chromium 156).
 * @param urls those of the application; what is not absolute is ours
 */
export function formsLeadingTo(urls: readonly string[] = []): string[] {
  const elsewhere = urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).protocol);
  return ["'self'", ...elsewhere];
}

function contentSecurityPolicy({ scripts = [], forms = [] }: Allowances): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    ...(scripts.length > 0 ? [`script-src ${scripts.join(' ')}`] : []),
    `form-action ${forms.length > 0 ? [...new Set(forms)].join(' ') : "'none'"}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
