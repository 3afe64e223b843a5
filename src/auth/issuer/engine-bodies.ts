import type { IncomingMessage } from 'node:http';

import type { KoaContextWithOIDC, Provider } from 'oidc-provider';

import type { Pages } from '../sign-in/pages/pages.js';
import { languageOf, requestIdOf, send } from './engine-pages.js';
import { engineLimitOf } from './engine-routes.js';

const form = 'application/x-www-form-urlencoded';
/** What the engine reads of a form at most; it tells nobody that this was the trouble. */
const largestBytes = 56 * 1024;
/** Who sends more than this is not worth an answer. */
const patienceBytes = 4 * 1024 * 1024;

/** Answers a form that is too large for the engine as what it is. What is left of it is let run past, so that the answer is read. */
export function refuseLargeBodies(provider: Provider, pages: Pages): void {
  provider.use(async (ctx, next) => {
    const engineCtx = ctx as unknown as KoaContextWithOIDC;
    const isLarge = ctx.request.length > largestBytes;
    if (!isLarge) await next();
    // Without a length it shows in what the engine left of a form; anything else it does not even begin to read.
    if (!isLarge && (ctx.status !== 400 || ctx.req.complete || !ctx.is(form))) return;
    runPast(ctx.req);
    answer(engineCtx, pages);
  });
}

function runPast(request: IncomingMessage): void {
  let bytes = 0;
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > patienceBytes) request.destroy();
  });
}

function answer(ctx: KoaContextWithOIDC, pages: Pages): void {
  if (engineLimitOf(ctx.method, ctx.path) === 'token') {
    ctx.status = 413;
    ctx.body = {
      error: 'invalid_request',
      error_description: 'request_too_large: The body must not be larger than 56 KiB.',
    };
    return;
  }
  const model = { language: languageOf(ctx), requestId: requestIdOf(ctx) };
  send(ctx, pages.error({ ...model, code: 'request_invalid', status: 413 }));
}
