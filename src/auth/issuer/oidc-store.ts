import { createHash } from 'node:crypto';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../../common/clock.js';
import { Sweeper } from '../../database/sweeper.js';

/** What the engine keeps of one of its models. Opaque to us but for the few properties that are columns too. */
export type EntryPayload = Record<string, unknown>;

export interface StoredEntry {
  readonly payload: EntryPayload;
  /** The grant that it was issued under, read along. */
  readonly grant: EntryPayload | undefined;
}

/** Ids that are credentials by themselves: only their hash is stored. */
const bearerModels = new Set([
  'AuthorizationCode',
  'RefreshToken',
  'Session',
  'AccessToken',
  'ClientCredentials',
]);

/** The engine's entries in Postgres; every method is one statement. */
@Injectable()
export class OidcStore implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    this.sweeper.add('expired entries of the engine', () => this.deleteExpired());
  }

  /**
   * Writes an entry; a session or a grant of a person who has left, whose identity was taken off, or whose corp is suspended or took the
   * app away, is not written. Identity and corp are locked for the length of the write: what comes at the same instant either is seen here,
   * or finds the entry and ends it.
   * @returns whether it was written
   */
  async upsert(
    model: string,
    id: string,
    payload: EntryPayload,
    expiresInSeconds: number,
  ): Promise<boolean> {
    const { jti: _jti, ...rest } = payload;
    const kept = withoutSessionCookie(rest);
    const signIn = payload['signIn'] as { identityId?: string } | undefined;
    const rows = await this.dataSource.query<unknown[]>(
      `with living as materialized (
         select connection, tenant from identities where id = $7 and left_at is null for share
       ), corp as materialized (
         select t.status from living join tenants t on t.connection = living.connection and t.corp_id = living.tenant
            for share of t
       )
       insert into oidc_entries (model, id, payload, grant_id, uid, account_id, identity_id, expires_at)
       select $1, $2, $3::jsonb, $4, $5, $6::uuid, $7::uuid, $8::timestamptz
        where $7::uuid is null
           or exists (select 1 from living) and not exists (select 1 from corp where status <> 'active')
       on conflict (model, id) do update
          set payload = excluded.payload, account_id = excluded.account_id, identity_id = excluded.identity_id,
              uid = excluded.uid, expires_at = excluded.expires_at
       returning id`,
      [
        model,
        storedId(model, id),
        kept,
        payload['grantId'] ?? null,
        payload['uid'] ?? null,
        payload['accountId'] ?? null,
        signIn?.identityId ?? null,
        this.#inSeconds(expiresInSeconds),
      ],
    );
    return rows.length > 0;
  }

  /** Writes an entry that was read before, and nothing when it was deleted in between: what has ended stays ended. */
  async update(
    model: string,
    id: string,
    payload: EntryPayload,
    expiresInSeconds: number,
  ): Promise<void> {
    const { jti: _jti, ...kept } = payload;
    const signIn = payload['signIn'] as { identityId?: string } | undefined;
    await this.dataSource.query(
      `update oidc_entries set payload = $3, account_id = $4, identity_id = $5, expires_at = $6 where model = $1 and id = $2`,
      [
        model,
        storedId(model, id),
        kept,
        payload['accountId'] ?? null,
        signIn?.identityId ?? null,
        this.#inSeconds(expiresInSeconds),
      ],
    );
  }

  async find(model: string, id: string): Promise<StoredEntry | undefined> {
    const [row] = await this.dataSource.query<FoundRow[]>(
      `select e.payload, e.consumed_at, g.payload as grant_payload, e.grant_id
         from oidc_entries e
         left join oidc_entries g on g.model = 'Grant' and g.id = e.grant_id and g.expires_at > $3
        where e.model = $1 and e.id = $2 and e.expires_at > $3`,
      [model, storedId(model, id), this.clock.now()],
    );
    return row && readEntry(row, id);
  }

  async findByUid(model: string, uid: string): Promise<EntryPayload | undefined> {
    const [row] = await this.dataSource.query<{ payload: EntryPayload }[]>(
      `select payload from oidc_entries where model = $1 and uid = $2 and expires_at > $3`,
      [model, uid, this.clock.now()],
    );
    return row?.payload;
  }

  /** Reads an entry and deletes it: whoever comes second finds nothing. */
  async take(model: string, id: string): Promise<EntryPayload | undefined> {
    const [rows] = await this.dataSource.query<[{ payload: EntryPayload }[], number]>(
      `delete from oidc_entries where model = $1 and id = $2 and expires_at > $3 returning payload`,
      [model, storedId(model, id), this.clock.now()],
    );
    return rows[0] && { ...rows[0].payload, jti: id };
  }

  /**
   * Marks an entry as used.
   * @returns whether this call was the one that used it
   */
  async consume(model: string, id: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update oidc_entries set consumed_at = $3 where model = $1 and id = $2 and consumed_at is null and expires_at > $3`,
      [model, storedId(model, id), this.clock.now()],
    );
    return count === 1;
  }

  async destroy(model: string, id: string): Promise<void> {
    await this.dataSource.query(`delete from oidc_entries where model = $1 and id = $2`, [
      model,
      storedId(model, id),
    ]);
  }

  /** Ends everything that was issued under a grant. */
  async revokeByGrantId(model: string, grantId: string): Promise<void> {
    await this.dataSource.query(`delete from oidc_entries where model = $1 and grant_id = $2`, [
      model,
      grantId,
    ]);
  }

  /** Ends a grant, and everything issued under it. */
  async revokeGrant(grantId: string): Promise<void> {
    await this.dataSource.query(
      `delete from oidc_entries where grant_id = $1 or (model = 'Grant' and id = $1)`,
      [grantId],
    );
  }

  /** Ends a grant whose code or refresh token was presented twice, and everything issued under it. */
  async revokeGrantOf(model: string, id: string): Promise<void> {
    await this.dataSource.query(
      `delete from oidc_entries x using oidc_entries e
        where e.model = $1 and e.id = $2 and e.consumed_at is not null
          and (x.grant_id = e.grant_id or x.model = 'Grant' and x.id = e.grant_id)`,
      [model, storedId(model, id)],
    );
  }

  /** Whether a grant still stands and its account is still active: what makes a JWT that is in circulation still good. */
  async isGrantLive(grantId: string, accountId: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `select 1 from oidc_entries g join accounts a on a.id = g.account_id
        where g.model = 'Grant' and g.id = $1 and g.expires_at > $3 and a.id = $2 and a.status = 'active'`,
      [grantId, accountId, this.clock.now()],
    );
    return rows.length > 0;
  }

  /** Deletes what expired. A used refresh token stays until its own expiry, so that its reuse is noticed. */
  async deleteExpired(): Promise<void> {
    await this.dataSource.query(`delete from oidc_entries where expires_at <= $1`, [
      this.clock.now(),
    ]);
    await this.dataSource.query(`delete from sign_in_attempts where expires_at <= $1`, [
      this.clock.now(),
    ]);
  }

  #inSeconds(seconds: number): Date {
    return new Date(this.clock.now().getTime() + seconds * 1000);
  }
}

interface FoundRow {
  readonly payload: EntryPayload;
  readonly consumed_at: Date | null;
  readonly grant_id: string | null;
  readonly grant_payload: EntryPayload | null;
}

function readEntry(row: FoundRow, id: string): StoredEntry {
  const consumed = row.consumed_at
    ? { consumed: Math.floor(row.consumed_at.getTime() / 1000) }
    : {};
  return {
    payload: { ...row.payload, ...consumed, jti: id },
    grant:
      row.grant_payload && row.grant_id ? { ...row.grant_payload, jti: row.grant_id } : undefined,
  };
}

export function storedId(model: string, id: string): string {
  return bearerModels.has(model) ? createHash('sha256').update(id).digest('base64url') : id;
}

/** A waiting request remembers the session in which it began; that session's id is a credential. */
function withoutSessionCookie(payload: EntryPayload): EntryPayload {
  const session = payload['session'] as Record<string, unknown> | undefined;
  if (!session || !('cookie' in session)) return payload;
  const { cookie: _cookie, ...kept } = session;
  return { ...payload, session: kept };
}
