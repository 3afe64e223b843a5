import type { Grant, InteractionResults, Provider, Session } from 'oidc-provider';

/** How a person came in: kept with the session and with each grant made from it, and told in access tokens. */
export interface SignInFacts {
  /** Absent where the person signed in with the account's own phone. */
  readonly identityId?: string;
  /** The connection's slug. */
  readonly connection: string;
  /** The corp's id. */
  readonly tenant?: string;
  /** When, in seconds since 1970: told as `auth_time`. */
  readonly signedInAt?: number;
}

interface WithFacts {
  signIn?: SignInFacts;
}

type SessionEntity = InstanceType<typeof Session>;
type GrantEntity = InstanceType<typeof Grant>;

export function factsOf(entity: SessionEntity | GrantEntity | undefined): SignInFacts | undefined {
  return (entity as WithFacts | undefined)?.signIn;
}

export function setFacts(entity: SessionEntity | GrantEntity, facts: SignInFacts): void {
  (entity as WithFacts).signIn = facts;
}

/** The facts that a finished sign-in left in the interaction's result. */
export function factsOfResult(result: InteractionResults | undefined): SignInFacts | undefined {
  return result?.login ? (result.login as unknown as WithFacts).signIn : undefined;
}

/** Tells the engine's models to store the facts: a model keeps only the properties that it lists. */
export function keepFacts(provider: Provider): void {
  for (const model of [provider.Session, provider.Grant] as unknown as { IN_PAYLOAD: string[] }[]) {
    const listed = model.IN_PAYLOAD;
    Object.defineProperty(model, 'IN_PAYLOAD', { value: [...listed, 'signIn'] });
  }
}
