import type { IncomingMessage } from 'node:http';

import type { KoaContextWithOIDC } from 'oidc-provider';

import { chooseLanguage, type Language } from '../sign-in/pages/language.js';
import type { Page } from '../sign-in/pages/page.js';

/** Puts one of our pages into an answer of the engine. */
export function send(ctx: KoaContextWithOIDC, page: Page): void {
  ctx.status = page.status;
  ctx.set(page.headers);
  ctx.body = page.html;
}

export function languageOf(ctx: KoaContextWithOIDC): Language {
  const asked: unknown = ctx.query['ui_locales'];
  return chooseLanguage(
    ctx.get('accept-language') || undefined,
    typeof asked === 'string' ? asked : undefined,
  );
}

export function requestIdOf(ctx: KoaContextWithOIDC): string {
  return (ctx.req as IncomingMessage & { id?: string }).id ?? '';
}
