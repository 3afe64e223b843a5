import { type Grant, type KoaContextWithOIDC } from 'oidc-provider';

import type { EngineClient } from './resources.js';
import { factsOf, factsOfResult, setFacts, type SignInFacts } from './sign-in-facts.js';

type GrantEntity = InstanceType<typeof Grant>;

export interface GrantLife {
  /** Of a new grant, in seconds. */
  readonly wholeSeconds: number;
  /** What is issued under it may live as long as this, and must not outlive it. */
  readonly neededSeconds: number;
}

/**
 * Gives our own clients what they ask for, without a consent screen. A fresh sign-in gets a grant of its own, so that its
 * tokens say how the person came in this time; a later request of the same session goes on with it, also when another client has
 * had the person sign in another way since. A session lasts as long as it is used, so the grant is made to last with it.
 * @returns nothing where this client does not take the sign-ins of this session
 */
export async function loadGrant(
  ctx: KoaContextWithOIDC,
  life: GrantLife,
): Promise<GrantEntity | undefined> {
  const { client, session, account, provider } = ctx.oidc;
  if (!client || !session || !account) return undefined;

  const fresh = factsOfResult(ctx.oidc.result);
  if (fresh) setFacts(session, fresh);
  const facts = fresh ?? factsOf(session);

  const existing = fresh ? undefined : await existingGrant(ctx);
  const grant =
    existing ?? new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  if (!existing && facts) setFacts(grant, facts);
  if (!takesConnection(client as EngineClient, factsOf(grant))) return undefined;
  const before = JSON.stringify([grant.openid, grant.resources]);
  addRequested(grant, ctx);
  const isEnding = grant.remainingTTL < life.neededSeconds;
  if (isEnding) grant.exp = epochSeconds() + life.wholeSeconds;
  if (!existing || isEnding || before !== JSON.stringify([grant.openid, grant.resources]))
    await grant.save();
  return grant;
}

/** As the engine counts. */
function epochSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

async function existingGrant(ctx: KoaContextWithOIDC): Promise<GrantEntity | undefined> {
  const { client, session, provider, account, params } = ctx.oidc;
  const grantId = client && session?.grantIdFor(client.clientId);
  if (!grantId) return undefined;
  const grant = await provider.Grant.find(grantId);
  if (!grant || grant.accountId !== account?.accountId) return undefined;
  const [facts, last] = [factsOf(grant), factsOf(session)];
  // How old a sign-in may be is asked of the session's last one: its time has to be told, and its connection.
  const isLast = facts?.connection === last?.connection && facts?.signedInAt === last?.signedInAt;
  const isGood = takesConnection(client as EngineClient, facts);
  return isGood && (isLast || params?.['max_age'] === undefined) ? grant : undefined;
}

/** Whether a client lets in people who came in so: one that lists its connections, by those alone. */
export function takesConnection(
  { connections }: EngineClient,
  facts: SignInFacts | undefined,
): boolean {
  return !connections || (facts !== undefined && connections.includes(facts.connection));
}

/** Adds to a grant what this request asks for and the client is registered for. */
export function addRequested(grant: GrantEntity, ctx: KoaContextWithOIDC): void {
  const client = ctx.oidc.client as EngineClient;
  const scopes = [...ctx.oidc.requestParamScopes].filter((scope) =>
    client.allowed_scopes.includes(scope),
  );
  if (scopes.length === 0) return;
  grant.addOIDCScope(scopes);
  for (const resource of Object.keys(ctx.oidc.resourceServers ?? {}))
    grant.addResourceScope(resource, scopes);
}
