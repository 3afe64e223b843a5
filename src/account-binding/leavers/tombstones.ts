import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AppError } from '../../common/app-error.js';
import { recordAccountEvents } from '../account-events.js';
import type { BoundIdentity, SignInRecord } from '../accounts.repository.js';

/**
 * Identities whose person has left the corp. They are never deleted: `left_at` says since when. What happens to one next is a decision.
 *
 * Where the platform never gives its subject to somebody else, the tombstone keeps its key, and the sign-in of the person who returned
 * finds it and revives it, with the account that it belongs to.
 *
 * Where the platform may, the tombstone is retired in the moment of the event: its issuer becomes `<issuer>#<id of the identity>`, a key
 * that no platform can name. So the next who comes under the subject is unknown at once, everywhere, with no rule in the sign-in that could
 * be forgotten; neither of the two unique keys, (issuer, subject) and (account, issuer), stands in the way of a new identity, be it with
 * another account or, after a proof, with the old one; and the row stays with its account for whoever asks later. Where it is shown, it is
 * shown with the issuer that it had. The alternative, keys that are unique among the living only, would make every reader of `identities`
 * choose between two rows of one name.
 */
@Injectable()
export class Tombstones {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The platform was asked before the person left, and answers for what was.
   * @throws AppError `not_a_member`
   */
  async refuseLeaver(record: SignInRecord, bound: BoundIdentity | undefined): Promise<void> {
    const { provenAt = record.at } = record;
    const hasLeft = bound
      ? bound.leftAt !== undefined && bound.leftAt >= provenAt
      : await this.#isRetired(record, provenAt);
    if (hasLeft) throw new AppError('not_a_member', 'This person has just left the company.');
  }

  /**
   * The person has returned, and the platform has said so just now.
   * @returns whether the identity was still a tombstone, and of this account
   */
  async revive({ identityId, account }: BoundIdentity, record: SignInRecord): Promise<boolean> {
    const { identity, connection, at, provenAt = at } = record;
    const { issuer, subject, tenant } = identity;
    const rows = await this.dataSource.query<unknown[]>(
      `with returned as (
         update identities set left_at = null, connection = $5
          where id = $1 and account_id = $2 and left_at < $3
          returning account_id
       )
       insert into account_events (type, account_id, data, at)
       select 'account.returned', account_id, $6::jsonb, $4 from returned
       returning id`,
      [
        identityId,
        account.id,
        provenAt,
        at,
        connection,
        JSON.stringify({ identity: { issuer, subject, connection, ...(tenant && { tenant }) } }),
      ],
    );
    return rows.length > 0;
  }

  async #isRetired({ identity }: SignInRecord, provenAt: Date): Promise<boolean> {
    const { issuer, subject, tenant, userId } = identity;
    const rows = await this.dataSource.query<unknown[]>(
      `select 1 from identities
        where tenant = $1 and user_id = $2 and left_at >= $3 and subject = $4 and ${issuerSql} = $5`,
      [tenant ?? null, userId ?? null, provenAt, subject, issuer],
    );
    return rows.length > 0;
  }
}

/** An administrator binds it anew, to the account that has it. Whether the person may come in is the platform's to say. */
export async function reviveOwn(
  manager: EntityManager,
  identityId: string,
  connection: string,
  at: Date,
): Promise<void> {
  const [rows] = await manager.query<[Returned[], number]>(
    `update identities set left_at = null, connection = $2 where id = $1 and left_at is not null
      returning account_id as "accountId", issuer, subject, tenant`,
    [identityId, connection],
  );
  await recordAccountEvents(
    manager,
    at,
    rows.map(({ accountId, issuer, subject, tenant }) => ({
      type: 'account.returned',
      accountId,
      data: { identity: { issuer, subject, connection, ...(tenant && { tenant }) } },
    })),
  );
}

interface Returned {
  readonly accountId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly tenant: string | null;
}

/** The issuer that an identity has, or had before it was retired. */
export const issuerSql = `regexp_replace(issuer, '#[0-9a-f-]{36}$', '')`;

/** Gives the keys of tombstones free. */
export async function retire(
  manager: EntityManager,
  identityIds: readonly string[],
): Promise<void> {
  await manager.query(
    `update identities set issuer = issuer || '#' || id where id = any($1::uuid[]) and left_at is not null`,
    [identityIds],
  );
}
