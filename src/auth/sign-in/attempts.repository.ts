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
  readonly interactionUid: string;
  /** The client's authorization parameters. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Callback {
  readonly state: string;
  readonly connection: string;
  readonly browser: string;
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
  readonly interaction_uid: string;
  readonly params: Record<string, unknown>;
}

const columns = 'state_hash, connection, code_kind, interaction_uid, params';

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
    const [row] = await this.dataSource.query<Pick<Row, 'params'>[]>(
      `insert into sign_in_attempts (state_hash, browser_hash, connection, code_kind, interaction_uid, params, created_at, expires_at)
       select $1, $2, $3, $4, $5, payload->'params', $6, $7
         from oidc_entries where model = 'Interaction' and id = $5 and expires_at > $6
       returning params`,
      [
        hashOf(state),
        hashOf(browser),
        attempt.connection,
        attempt.codeKind,
        attempt.interactionUid,
        now,
        new Date(now.getTime() + stateSeconds * 1000),
      ],
    );
    return row?.params;
  }

  /** Uses a state up, in one conditional UPDATE: of callbacks that race, one is the first. */
  async admit(callback: Callback): Promise<Admission> {
    const now = this.clock.now();
    const keys = [hashOf(callback.state), callback.connection, hashOf(callback.browser)];
    const codeHash = callback.code === undefined ? null : hashOf(callback.code);
    const [used] = await this.dataSource.query<[Row[], number]>(
      `update sign_in_attempts set used_at = $4, code_hash = $5
        where state_hash = $1 and connection = $2 and browser_hash = $3 and used_at is null and expires_at > $4
        returning ${columns}`,
      [...keys, now, codeHash],
    );
    if (used[0]) return { kind: 'first', attempt: toAttempt(used[0]) };
    const [reloaded] = await this.dataSource.query<Row[]>(
      `select ${columns} from sign_in_attempts
        where state_hash = $1 and connection = $2 and browser_hash = $3 and used_at > $4
          and code_hash is not distinct from $5`,
      [...keys, new Date(now.getTime() - reloadSeconds * 1000), codeHash],
    );
    return reloaded ? { kind: 'reload', attempt: toAttempt(reloaded) } : { kind: 'refused' };
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

function toAttempt(row: Row): Attempt {
  return {
    stateHash: row.state_hash,
    connection: row.connection,
    codeKind: row.code_kind,
    interactionUid: row.interaction_uid,
    params: row.params,
  };
}
