import { createHash } from 'node:crypto';

import type { KoaContextWithOIDC, Provider } from 'oidc-provider';

import { formsLeadingTo, pageHeaders } from '../sign-in/pages/page.js';
import { textOf } from './text-of.js';

const cors = 'Access-Control-Allow-Origin';

/**
 * Where the engine's headers would not be ours: who may call from a browser is settled before it (browser-cors.middleware.ts), what
 * it publishes may be kept for a while, and its one page of its own needs its script.
 * @param maxAgeSeconds how long what it publishes now may be kept
 */
export function adjustHeaders(provider: Provider, maxAgeSeconds: () => number): void {
  provider.use(async (ctx, next) => {
    const isSettled = ctx.res.hasHeader(cors);
    // Its own rules are wider than ours; it keeps them to itself where such a header is there already.
    if (!isSettled) ctx.set(cors, 'null');
    await next();
    if (!isSettled) ctx.remove(cors);
    if (ctx.path.startsWith('/.well-known/') && ctx.status === 200)
      ctx.set('Cache-Control', `public, max-age=${maxAgeSeconds()}`);
    letScriptRun(ctx as unknown as KoaContextWithOIDC);
  });
}

/** `response_mode=form_post`: a form that its script sends to the application. */
function letScriptRun(ctx: KoaContextWithOIDC): void {
  const script = typeof ctx.body === 'string' && /<script>([^]*?)<\/script>/.exec(ctx.body)?.[1];
  if (!script) return;
  const hash = createHash('sha256').update(script).digest('base64');
  const application = textOf(ctx.oidc.params?.['redirect_uri']);
  ctx.set(
    pageHeaders('en', {
      scripts: [`'sha256-${hash}'`],
      forms: formsLeadingTo(application ? [application] : []),
    }),
  );
}
