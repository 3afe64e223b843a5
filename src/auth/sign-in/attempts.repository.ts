import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../../common/clock.js';
import type { SignInOutcome } from '../issuer/interactions.js';
import type { CodeKind } from '../providers/provider.js';
import { hashOf } from './sign-in-state.js';

/** How long a state is good for. */
const stateSeconds = 600;
/** How long a reload of the callback leads on to the same result. */
const reloadSeconds = 60;

/** One hand-off to a platform. */
export interface Attempt {
  readonly stateHash: string;
  readonly connection: string;
  readonly codeKind: CodeKind;
  /** The corp in which it takes place, where that was said. */
  readonly tenant: string | undefined;
  readonly goal: Goal;
  /** The client's authorization parameters; none when an identity is to be bound. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** What the person behind the platform's code is wanted for. A proof for one goal is good for no other. */
export type Goal =
  | { readonly kind: 'sign-in'; readonly interactionUid: string }
  /** To show which account an identity that waits in a step is to join. */
  | { readonly kind: 'join'; readonly interactionUid: string; readonly stepId: string }
  /** To bind one more identity to the account of a binding link. */
  | { readonly kind: 'bind'; readonly ticketHash: string };

export interface Callback {
  readonly state: string;
  readonly connection: string;
  /** The secrets that the browser holds. */
  readonly browser: readonly string[];
  /** The platform's code; absent when the platform reported a refusal. */
  readonly code: string | undefined;
}

export type Admission =
  /** The first callback of this state: go on. */
  | { readonly kind: 'first'; readonly attempt: Attempt }
  /** The same browser with the same code within a minute. */
  | { readonly kind: 'reload'; readonly attempt: Attempt }
  | { readonly kind: 'refused' };

interface Row {
  readonly state_hash: string;
  readonly connection: string;
  readonly code_kind: CodeKind;
  readonly tenant: string | null;
  readonly interaction_uid: string | null;
  readonly step_id: string | null;
  readonly ticket_hash: string | null;
  readonly params: Record<string, unknown>;
}

const columns =
  'state_hash, connection, code_kind, tenant, interaction_uid, step_id, ticket_hash, params';

/** States in Postgres: single use, ten minutes, bound to a browser and a connection. Only hashes are stored. */
@Injectable()
export class AttemptsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Remembers a new attempt of a waiting request: found and noted in one statement.
   * @returns the client's authorization parameters, or `undefined` when the request has expired
   */
  async create(
    state: string,
    browser: string,
    attempt: Omit<Attempt, 'stateHash' | 'params'>,
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const now = this.clock.now();
    const { goal } = attempt;
    const [row] = await this.dataSource.query<Pick<Row, 'params'>[]>(
      `insert into sign_in_attempts (state_hash, browser_hash, connection, code_kind, interaction_uid, step_id, ticket_hash,
                                     tenant, params, created_at, expires_at)
       select $1, $2, $3, $4, $5, $8, $9, $10, request.params, $6, $7
         from (select payload->'params' as params from oidc_entries
                where model = 'Interaction' and id = $5 and expires_at > $6
               union all
               select '{}'::jsonb where $5::text is null) request
       returning params`,
      [
        hashOf(state),
        hashOf(browser),
        attempt.connection,
        attempt.codeKind,
        goal.kind === 'bind' ? null : goal.interactionUid,
        now,
        new Date(now.getTime() + stateSeconds * 1000),
        goal.kind === 'join' ? goal.stepId : null,
        goal.kind === 'bind' ? goal.ticketHash : null,
        attempt.tenant ?? null,
      ],
    );
    return row?.params;
  }

  /** Uses a state up, in one conditional UPDATE: of callbacks that race, one is the first. */
  async admit(callback: Callback): Promise<Admission> {
    const now = this.clock.now();
    const keys = [hashOf(callback.state), callback.connection, callback.browser.map(hashOf)];
    const codeHash = callback.code === undefined ? null : hashOf(callback.code);
    const [used] = await this.dataSource.query<[Row[], number]>(
      `update sign_in_attempts set used_at = $4, code_hash = $5
        where state_hash = $1 and connection = $2 and browser_hash = any($3) and used_at is null and expires_at > $4
        returning ${columns}`,
      [...keys, now, codeHash],
    );
    if (used[0]) return { kind: 'first', attempt: toAttempt(used[0]) };
    const [reloaded] = await this.dataSource.query<Row[]>(
      `select ${columns} from sign_in_attempts
        where state_hash = $1 and connection = $2 and browser_hash = any($3) and used_at > $4
          and code_hash is not distinct from $5`,
      [...keys, new Date(now.getTime() - reloadSeconds * 1000), codeHash],
    );
    return reloaded ? { kind: 'reload', attempt: toAttempt(reloaded) } : { kind: 'refused' };
  }

  /** Writes down where an attempt leads that has not ended yet, so that a reload leads there too. */
  async leadsTo(stateHash: string, path: string): Promise<void> {
    await this.dataSource.query(`update sign_in_attempts set outcome = $2 where state_hash = $1`, [
      stateHash,
      JSON.stringify({ kind: 'continues', path } satisfies SignInOutcome),
    ]);
  }

  /** How an attempt ended, once it has. */
  async outcome(stateHash: string): Promise<SignInOutcome | undefined> {
    const [row] = await this.dataSource.query<{ outcome: SignInOutcome | null }[]>(
      `select outcome from sign_in_attempts where state_hash = $1`,
      [stateHash],
    );
    return row?.outcome ?? undefined;
  }

  /** The request behind a state that may not be used here, so that its person can be offered to start again. */
  async requestBehind(state: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const [row] = await this.dataSource.query<{ params: Record<string, unknown> }[]>(
      `select params from sign_in_attempts where state_hash = $1`,
      [hashOf(state)],
    );
    return row?.params;
  }
}

function goalOf({
  interaction_uid: interactionUid,
  step_id: stepId,
  ticket_hash: ticket,
}: Row): Goal {
  if (ticket !== null) return { kind: 'bind', ticketHash: ticket };
  if (interactionUid === null) throw new Error('an attempt without a request and without a link');
  return stepId === null
    ? { kind: 'sign-in', interactionUid }
    : { kind: 'join', interactionUid, stepId };
}

function toAttempt(row: Row): Attempt {
  return {
    stateHash: row.state_hash,
    connection: row.connection,
    codeKind: row.code_kind,
    tenant: row.tenant ?? undefined,
    goal: goalOf(row),
    params: row.params,
  };
}
