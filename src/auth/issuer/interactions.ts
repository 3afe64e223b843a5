import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { storedId } from './oidc-store.js';
import { Clock } from '../../common/clock.js';
import type { SignInFacts } from './sign-in-facts.js';

/** An authorization request that waits for a person to sign in. */
export interface PendingRequest {
  readonly uid: string;
  readonly clientId: string;
  /** The client's authorization parameters, as the engine accepted them. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** How a sign-in ended: kept with the attempt, so that a reload leads on to the same. */
export type SignInOutcome =
  | { readonly kind: 'signed-in'; readonly accountId: string; readonly facts: SignInFacts }
  | { readonly kind: 'failed'; readonly error: string; readonly errorDescription: string }
  /** Not ended: the person has been asked for more, at this path of ours. */
  | { readonly kind: 'continues'; readonly path: string };

/** A sign-in that has ended, one way or the other. */
export type EndedSignIn = Exclude<SignInOutcome, { kind: 'continues' }>;

/** The engine's waiting requests ("interactions"), as the sign-in sees them. */
@Injectable()
export class Interactions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  async find(uid: string): Promise<PendingRequest | undefined> {
    const [row] = await this.dataSource.query<{ params: Record<string, unknown> }[]>(
      `select payload->'params' as params from oidc_entries where model = 'Interaction' and id = $1 and expires_at > $2`,
      [uid, this.clock.now()],
    );
    return row && { uid, clientId: String(row.params['client_id']), params: row.params };
  }

  /**
   * Writes down how the sign-in ended, with the attempt that ended it if there was one, in one statement. Where another person was signed in
   * in this browser, that session ends. From now on the request is its person's: it ends with their sessions, collected or not.
   * @returns where the browser goes on, or `undefined` when the request has expired
   */
  async finish(
    uid: string,
    stateHash: string | undefined,
    outcome: EndedSignIn,
    sessionId: string | undefined,
  ): Promise<string | undefined> {
    const result =
      outcome.kind === 'signed-in'
        ? { login: { accountId: outcome.accountId, remember: true, signIn: outcome.facts } }
        : { error: outcome.error, error_description: outcome.errorDescription };
    const accountId = outcome.kind === 'signed-in' ? outcome.accountId : null;
    const [row] = await this.dataSource.query<{ return_to: string | null }[]>(
      `with attempt as (
         update sign_in_attempts set outcome = $4 where state_hash = $2
       ), ended as (
         delete from oidc_entries
          where model = 'Session' and id = $6 and account_id <> $5::uuid
       ), finished as (
         update oidc_entries
            set payload = (payload - 'session') || jsonb_build_object('result', $3::jsonb), account_id = $5::uuid
          where model = 'Interaction' and id = $1 and expires_at > $7
         returning payload->>'returnTo' as return_to
       )
       select return_to from finished`,
      [
        uid,
        stateHash ?? null,
        JSON.stringify(result),
        JSON.stringify(outcome),
        accountId,
        sessionId === undefined ? null : storedId('Session', sessionId),
        this.clock.now(),
      ],
    );
    return row?.return_to ?? undefined;
  }
}
