import type { Request } from 'express';
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';

import { AppError } from '../../common/app-error.js';
import { sourceOf } from '../../rate-limits/rate-limiter.js';
import type { RequestLimits } from '../../request-limits/request-limits.js';
import type { Pages } from '../sign-in/pages/pages.js';
import { languageOf, requestIdOf, send } from './engine-pages.js';
import { engineLimitOf } from './engine-routes.js';

type EngineClients = Provider['Client'];
type EngineClient = InstanceType<EngineClients>;

/** The requests whose client is known: it has authenticated, or has nothing to do so with. */
const known = new WeakSet<object>();

/**
 * How often the engine is asked, before it begins to work: browsers by address, programs by client once it has authenticated. Wrong
 * secrets count by address and client, so that nobody tries many, and nobody locks out a neighbour by trying theirs; when
 * they are used up, no secret is looked at any more. A client without a secret is known to everybody: it counts for each address apart.
 */
export function limitRequests(provider: Provider, limits: RequestLimits, pages: Pages): void {
  provider.use(async (ctx, next) => {
    const engineCtx = ctx as unknown as KoaContextWithOIDC;
    const limit = engineLimitOf(ctx.method, ctx.path);
    try {
      if (limit === 'sign-in') limits.takeFrom('sign-in', engineCtx.req as Request);
      await next();
      if (limit === 'token') countRefusal(engineCtx, limits);
    } catch (error) {
      if (!isTooMany(error)) throw error;
      if (limit === 'sign-in') sendTooMany(engineCtx, error, pages);
      else answerTooMany(engineCtx, error);
    }
  });
  limitClients(provider.Client, limits);
}

/** The engine has no place of ours between a client's authentication and the work: these two are what it calls on the way there. */
function limitClients(clients: EngineClients, limits: RequestLimits): void {
  const find = clients.find.bind(clients);
  clients.find = async (clientId) => {
    const client = await find(clientId);
    const ctx = authenticating();
    if (!ctx) return client;
    const ip = addressOf(ctx);
    throwable(ctx, () => {
      limits.requireTries(secretOf(client?.clientId), ip);
      if (client?.clientAuthMethod !== 'none') return;
      limits.take('token', `${client.clientId}:${sourceOf(ip)}`);
      known.add(ctx.req);
    });
    return client;
  };

  const compare: (this: EngineClient, secret: string) => Promise<boolean> | boolean = Reflect.get(
    clients.prototype,
    'compareClientSecret',
  );
  clients.prototype.compareClientSecret = async function (secret) {
    const isRight = await compare.call(this, secret);
    const ctx = Provider.ctx;
    if (isRight && ctx) {
      known.add(ctx.req);
      throwable(ctx, () => limits.take('token', this.clientId));
    }
    return isRight;
  };
}

/** The request whose client is about to authenticate. */
function authenticating(): KoaContextWithOIDC | undefined {
  const { ctx } = Provider;
  if (!ctx || engineLimitOf(ctx.method, ctx.path) !== 'token') return undefined;
  return ctx.oidc.client ? undefined : ctx;
}

/** Whoever did not even say which client it is counts as well. */
function countRefusal(ctx: KoaContextWithOIDC, limits: RequestLimits): void {
  if (ctx.status < 400 || ctx.status === 429 || known.has(ctx.req)) return;
  // The engine has not begun with what was too large for it.
  const { oidc } = ctx as { oidc?: KoaContextWithOIDC['oidc'] };
  limits.refuse(secretOf(oidc?.client?.clientId), addressOf(ctx));
}

function secretOf(clientId: string | undefined): string {
  return `secret of ${clientId ?? 'nobody'}`;
}

function addressOf(ctx: KoaContextWithOIDC): string {
  return (ctx.req as Request).ip ?? '';
}

type TooMany = AppError & { readonly retryAfterSeconds: number };

function isTooMany(error: unknown): error is TooMany {
  return error instanceof AppError && error.code === 'too_many_requests';
}

/** OAuth has no word for it (RFC 6749, 5.2): the code that asks for patience, and ours in front of the words, as elsewhere. */
const oauthCode = 'temporarily_unavailable';

/** Within the engine, which answers its own errors only. */
function throwable(ctx: KoaContextWithOIDC, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isTooMany(error)) throw error;
    setHeaders(ctx, error);
    const told = new errors.CustomOIDCProviderError(oauthCode, describe(error));
    throw Object.assign(told, { status: 429, statusCode: 429 });
  }
}

function answerTooMany(ctx: KoaContextWithOIDC, error: TooMany): void {
  ctx.status = 429;
  ctx.remove('WWW-Authenticate');
  setHeaders(ctx, error);
  ctx.body = { error: oauthCode, error_description: describe(error) };
}

function sendTooMany(ctx: KoaContextWithOIDC, error: TooMany, pages: Pages): void {
  const model = { language: languageOf(ctx), requestId: requestIdOf(ctx) };
  send(ctx, pages.error({ ...model, code: error.code, status: 429 }));
  setHeaders(ctx, error);
}

function setHeaders(ctx: KoaContextWithOIDC, { retryAfterSeconds }: TooMany): void {
  ctx.set({ 'Retry-After': String(retryAfterSeconds), 'Cache-Control': 'no-store' });
}

function describe(error: TooMany): string {
  return `${error.code}: ${error.message}`;
}
