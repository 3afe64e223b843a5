import type { SignInOutcome } from '../issuer/interactions.js';
import { textOf } from '../issuer/text-of.js';
import type { Attempt } from './attempts.repository.js';
import type { BrowserAnswer, BrowserRequest } from './browser-request.js';
import { inLanguageOf } from './pages/language.js';
import type { Pages } from './pages/pages.js';

/** Tells the client once more how a sign-in failed, by the way that it asked for: the engine has done so already, and says it once. */
export function tellAgain(
  { params }: Attempt,
  outcome: SignInOutcome & { kind: 'failed' },
  { issuer, pages, browser }: { issuer: string; pages: Pages; browser: BrowserRequest },
): BrowserAnswer {
  const client = new URL(textOf(params['redirect_uri']));
  const fields = {
    error: outcome.error,
    error_description: outcome.errorDescription,
    ...(typeof params['state'] === 'string' && { state: params['state'] }),
    iss: issuer,
  };
  switch (params['response_mode']) {
    case 'form_post': {
      const { language } = inLanguageOf(browser, params);
      return { kind: 'page', page: pages.sendForm({ language, url: client.href, fields }) };
    }
    case 'fragment':
      client.hash = new URLSearchParams(fields).toString();
      break;
    default:
      for (const [name, value] of Object.entries(fields)) client.searchParams.set(name, value);
  }
  return { kind: 'redirect', url: client.href };
}
