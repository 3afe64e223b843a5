import type { Request, Response } from 'express';

import { chooseLanguage, type Language } from './pages/language.js';
import type { Page } from './pages/page.js';

/** What a step of the sign-in may know of the request. */
export interface BrowserRequest {
  readonly ip: string | undefined;
  readonly requestId: string;
  readonly userAgent: string;
  readonly cookie: string | undefined;
  readonly language: Language;
  /** `web`: the silent way inside a platform's client has been tried. */
  readonly way: string | undefined;
  /** The corp that the person chose. */
  readonly tenant?: string | undefined;
}

export function readBrowser(request: Request & { id?: string }): BrowserRequest {
  const { ui_locales: asked, way, tenant } = request.query;
  return {
    ip: request.ip,
    requestId: request.id ?? '',
    userAgent: request.get('user-agent') ?? '',
    cookie: request.get('cookie'),
    language: chooseLanguage(
      request.get('accept-language'),
      typeof asked === 'string' ? asked : undefined,
    ),
    way: typeof way === 'string' ? way : undefined,
    tenant: typeof tenant === 'string' && isTenant(tenant) ? tenant : undefined,
  };
}

/** Whether a text may be a corp's id. */
export function isTenant(text: string): boolean {
  return /^[\w-]{1,64}$/.test(text);
}

/** What the browser gets: a page of ours, or the next place to go. */
export type BrowserAnswer =
  | { readonly kind: 'page'; readonly page: Page; readonly setCookie?: SetCookie }
  | { readonly kind: 'redirect'; readonly url: string; readonly setCookie?: SetCookie };

type SetCookie = string | readonly string[];

export function sendAnswer(response: Response, answer: BrowserAnswer): void {
  if (answer.setCookie) response.append('Set-Cookie', [answer.setCookie].flat());
  if (answer.kind === 'redirect') {
    response.setHeader('Cache-Control', 'no-store');
    // Not `no-referrer`: a platform may check where its visitor comes from.
    response.setHeader('Referrer-Policy', 'origin');
    // After a form, what follows is read, not sent again.
    response.redirect(response.req.method === 'POST' ? 303 : 302, answer.url);
    return;
  }
  response.status(answer.page.status).set(answer.page.headers).send(answer.page.html);
}
