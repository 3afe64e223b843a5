import { type Client, type KoaContextWithOIDC, Provider } from 'oidc-provider';

import type { KeySet } from './signing-keys/key-schedule.js';

/** Where keys that change ask for more than the engine gives. */
export function adjustKeys(provider: Provider, keys: KeySet, maySign: () => boolean): void {
  refuseOutdatedSigning(provider, maySign);
  takeHintsOfEveryKey(provider, keys);
}

/** A replica that has been away from Postgres for minutes may hold keys that the others have left behind: it issues nothing. */
function refuseOutdatedSigning(provider: Provider, maySign: () => boolean): void {
  provider.use(async (ctx, next) => {
    if (ctx.path !== '/token' || maySign()) {
      await next();
      return;
    }
    ctx.status = 503;
    ctx.set({ 'Retry-After': '5', 'Cache-Control': 'no-store' });
    ctx.body = {
      error: 'temporarily_unavailable',
      error_description: 'the signing keys cannot be read at the moment',
    };
  });
}

/**
 * The engine takes an ID token as a hint only if it was signed with the algorithm of today; ours may be older than a change of
 * SIGNING_ALG. One whose key is gone proves nothing any more, and at the sign-out it is as if it had not been sent: the person is asked.
 */
function takeHintsOfEveryKey(provider: Provider, keys: KeySet): void {
  const IdToken = provider.IdToken as unknown as HintReader;
  const validate = IdToken.validate.bind(IdToken);
  IdToken.validate = (jwt, client) => {
    const { kid } = headerOf(jwt);
    const key = keys.published.find((each) => each.kid === kid);
    if (key) return validate(jwt, withAlg(client, key.alg));
    const { oidc } = (Provider.ctx ?? {}) as Partial<KoaContextWithOIDC>;
    if (oidc?.route !== 'end_session') return validate(jwt, client);
    delete (oidc.entities as { IdTokenHint?: unknown }).IdTokenHint;
    return Promise.resolve({});
  };
}

type EngineClient = InstanceType<typeof Client>;

/** The engine's `IdToken`, as far as its types leave it out. */
interface HintReader {
  validate(jwt: string, client: EngineClient): Promise<object>;
}

function withAlg(client: EngineClient, alg: string): EngineClient {
  return Object.create(client, { idTokenSignedResponseAlg: { value: alg } }) as EngineClient;
}

function headerOf(jwt: string): { readonly kid?: unknown } {
  try {
    const header = Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString();
    return JSON.parse(header) as { kid?: unknown };
  } catch {
    return {};
  }
}
