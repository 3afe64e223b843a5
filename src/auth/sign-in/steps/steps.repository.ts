import { randomBytes } from 'node:crypto';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../../../common/clock.js';
import { Sweeper } from '../../../database/sweeper.js';
import type { PlatformIdentity } from '../../providers/provider.js';
import { hashOf } from '../sign-in-state.js';
import type { Stage, Step, StepChange } from './step.js';

/** Codes take their time, and people look for their phones. */
const lifeSeconds = 1800;
/** 24 random bytes. */
const idShape = /^[\w-]{32}$/;

interface Row {
  readonly id: string;
  readonly kind: Step['kind'];
  readonly stage: Stage;
  readonly interaction_uid: string;
  readonly state_hash: string | null;
  readonly connection: string;
  readonly identity: PlatformIdentity | null;
  readonly directory_read: boolean;
  readonly phone: string | null;
  readonly phone_proven: boolean;
  readonly account_id: string | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

/** Steps in Postgres: half an hour, one browser, ended once. */
@Injectable()
export class StepsRepository implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    this.sweeper.add('expired steps', async () => {
      await this.dataSource.query(`delete from sign_in_steps where expires_at <= $1`, [
        this.clock.now(),
      ]);
    });
  }

  /** @returns the id of the new step */
  async create(
    browser: string,
    step: Pick<
      Step,
      | 'kind'
      | 'stage'
      | 'interactionUid'
      | 'stateHash'
      | 'connection'
      | 'identity'
      | 'directoryRead'
    >,
  ): Promise<string> {
    const id = randomBytes(24).toString('base64url');
    const now = this.clock.now();
    await this.dataSource.query(
      `insert into sign_in_steps (id, kind, stage, browser_hash, interaction_uid, state_hash, connection, identity,
                                  directory_read, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        id,
        step.kind,
        step.stage,
        hashOf(browser),
        step.interactionUid,
        step.stateHash ?? null,
        step.connection,
        step.identity ?? null,
        step.directoryRead,
        now,
        new Date(now.getTime() + lifeSeconds * 1000),
      ],
    );
    return id;
  }

  /**
   * Finds a step of this browser that has not expired; an ended one too, so that it can lead on.
   * @param browser the secrets that the browser holds
   */
  async find(id: string, browser: readonly string[]): Promise<Step | undefined> {
    if (!idShape.test(id)) return undefined;
    const [row] = await this.dataSource.query<Row[]>(
      `select * from sign_in_steps where id = $1 and browser_hash = any($2) and expires_at > $3`,
      [id, browser.map(hashOf), this.clock.now()],
    );
    return row && toStep(row);
  }

  /**
   * Moves a step on from where it was read.
   * @returns whether it was still there
   */
  async move(step: Step, change: StepChange): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update sign_in_steps
          set stage = $3, phone = $4, phone_proven = $5, account_id = $6
        where id = $1 and stage = $2 and ended_at is null`,
      [
        step.id,
        step.stage,
        change.stage,
        change.phone === undefined ? (step.phone ?? null) : change.phone,
        change.phoneProven ?? step.phoneProven,
        change.accountId ?? step.accountId ?? null,
      ],
    );
    return count === 1;
  }

  /** Ends a step. @returns whether this call was the one that ended it */
  async end(id: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update sign_in_steps set ended_at = $2 where id = $1 and ended_at is null`,
      [id, this.clock.now()],
    );
    return count === 1;
  }
}

function toStep(row: Row): Step {
  return {
    id: row.id,
    kind: row.kind,
    stage: row.stage,
    interactionUid: row.interaction_uid,
    stateHash: row.state_hash ?? undefined,
    connection: row.connection,
    identity: row.identity ?? undefined,
    directoryRead: row.directory_read,
    phone: row.phone ?? undefined,
    phoneProven: row.phone_proven,
    accountId: row.account_id ?? undefined,
    createdAt: row.created_at,
    ended: row.ended_at !== null,
  };
}
