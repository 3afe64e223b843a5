import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError } from 'typeorm';

import type { PlatformIdentity, PlatformProfile } from '../auth/providers/provider.js';
import { Account } from './account.entity.js';
import type { KnownAccount } from './binding-rules.js';

/** An identity as it stands in the database, with its account. */
export interface BoundIdentity {
  readonly identityId: string;
  readonly account: KnownAccount;
  /** When the corp's directory last confirmed the person. */
  readonly directoryReadAt: Date | undefined;
}

interface NewIdentity {
  readonly accountId: string;
  readonly identityId: string;
}

/** A sign-in that is about to be written down. */
export interface SignInRecord {
  readonly connection: string;
  readonly identity: PlatformIdentity;
  readonly at: Date;
  /** Whether the corp's directory was asked just now. */
  readonly directoryRead: boolean;
}

/**
 * Accounts and identities in Postgres. Each method is one statement, so that a crash leaves nothing half bound;
 * two first sign-ins of one person are told apart by the unique constraint on (issuer, subject).
 */
@Injectable()
export class AccountsRepository {
  constructor(private readonly dataSource: DataSource) {}

  async findAccount(accountId: string): Promise<Account | undefined> {
    return (await this.dataSource.getRepository(Account).findOneBy({ id: accountId })) ?? undefined;
  }

  /** Finds an identity and the account it belongs to. */
  async findIdentity(issuer: string, subject: string): Promise<BoundIdentity | undefined> {
    const [row] = await this.dataSource.query<
      {
        identity_id: string;
        account_id: string;
        status: KnownAccount['status'];
        directory_read_at: Date | null;
      }[]
    >(
      `select i.id as identity_id, i.directory_read_at, a.id as account_id, a.status
         from identities i join accounts a on a.id = i.account_id
        where i.issuer = $1 and i.subject = $2`,
      [issuer, subject],
    );
    if (!row) return undefined;
    return {
      identityId: row.identity_id,
      account: { id: row.account_id, status: row.status },
      directoryReadAt: row.directory_read_at ?? undefined,
    };
  }

  /** Finds the account with this phone as a verified one, unless it already has an identity of `issuer`. */
  async findPhoneOwner(phone: string, issuer: string): Promise<KnownAccount | undefined> {
    const [row] = await this.dataSource.query<KnownAccount[]>(
      `select a.id, a.status from accounts a
        where a.phone = $1 and a.phone_verified
          and not exists (select 1 from identities i where i.account_id = a.id and i.issuer = $2)`,
      [phone, issuer],
    );
    return row;
  }

  /**
   * Makes an account and its first identity.
   * @returns the new ids, or `undefined` when the identity was bound by someone else in the meantime
   */
  async createWithIdentity(
    record: SignInRecord,
    roles: readonly string[],
  ): Promise<NewIdentity | undefined> {
    const { profile } = record.identity;
    const rows = await this.#unlessTaken<NewIdentity[]>(
      // A phone that another account has proven is kept as unverified: it is told, and proves nothing.
      `with account as (
         insert into accounts (display_name, phone, phone_verified, email, avatar_url, gender, roles, last_sign_in_at, created_at, updated_at)
         select $1, $2, $3 and not exists (select 1 from accounts where phone = $2 and phone_verified), $4, $5, $6, $7, $8, $8, $8
         returning id
       )
       insert into identities (account_id, issuer, subject, connection, tenant, user_id, created_at, last_used_at, directory_read_at)
       select account.id, $9, $10, $11, $12, $13, $8, $8, $14 from account
       returning id as "identityId", account_id as "accountId"`,
      [
        profile.displayName ?? null,
        profile.phone?.number ?? null,
        profile.phone?.trusted ?? false,
        profile.email ?? null,
        profile.avatarUrl ?? null,
        profile.gender ?? null,
        [...roles],
        record.at,
        ...identityValues(record),
      ],
    );
    return rows?.[0];
  }

  /**
   * Adds an identity to the account whose verified phone it came with.
   * @param phone still verified there at the instant of the write
   * @returns the ids, or `undefined` when the identity, or the account's place for this issuer, was taken in the meantime
   */
  async bindIdentity(
    accountId: string,
    record: SignInRecord,
    phone: string,
  ): Promise<NewIdentity | undefined> {
    const rows = await this.#unlessTaken<NewIdentity[]>(
      `with account as (
         update accounts set last_sign_in_at = $2 where id = $1 and status = 'active' and phone = $9 and phone_verified
          returning id
       )
       insert into identities (account_id, issuer, subject, connection, tenant, user_id, created_at, last_used_at, directory_read_at)
       select account.id, $3, $4, $5, $6, $7, $2, $2, $8 from account
       returning id as "identityId", account_id as "accountId"`,
      [accountId, record.at, ...identityValues(record), phone],
    );
    return rows?.[0];
  }

  /**
   * Notes that a known identity was used, and brings the profile up to date where `profile` is given.
   * @returns whether the account is still active and the identity still its own
   */
  async noteSignIn(
    bound: BoundIdentity,
    record: SignInRecord,
    profile: PlatformProfile | undefined,
  ): Promise<boolean> {
    const rows = await this.#unlessTaken<unknown[]>(
      `with identity as (
         update identities
            set last_used_at = $3, connection = $4, tenant = coalesce($5, tenant), user_id = coalesce($6, user_id),
                directory_read_at = case when $7::boolean then $3 else directory_read_at end
          where id = $1 and account_id = $2
          returning account_id
       )
       update accounts a
          set last_sign_in_at = $3,
              display_name = coalesce($8, a.display_name),
              avatar_url = coalesce($9, a.avatar_url),
              gender = coalesce($10, a.gender),
              email = coalesce($11, a.email),
              email_verified = a.email_verified and ($11::text is null or a.email = $11),
              -- A phone that was proven gives way only to one that is trusted.
              phone = case when $12::text is not null and ($13::boolean or not a.phone_verified) then $12 else a.phone end,
              phone_verified = case
                when $12::text is null or not $13::boolean or a.phone = $12 and a.phone_verified then a.phone_verified
                else not exists (select 1 from accounts o where o.phone = $12 and o.phone_verified and o.id <> a.id)
              end,
              updated_at = case when $14::boolean then $3 else a.updated_at end
         from identity
        where a.id = identity.account_id and a.status = 'active'
        returning a.id`,
      [
        bound.identityId,
        bound.account.id,
        record.at,
        record.connection,
        record.identity.tenant ?? null,
        record.identity.userId ?? null,
        record.directoryRead,
        profile?.displayName ?? null,
        profile?.avatarUrl ?? null,
        profile?.gender ?? null,
        profile?.email ?? null,
        profile?.phone?.number ?? null,
        profile?.phone?.trusted ?? false,
        profile !== undefined,
      ],
    );
    return rows !== undefined && updatedRows(rows).length > 0;
  }

  /** Runs one statement; `undefined` when a unique constraint says that someone else was first. */
  async #unlessTaken<T>(sql: string, parameters: unknown[]): Promise<T | undefined> {
    try {
      return await this.dataSource.query<T>(sql, parameters);
    } catch (error) {
      if (isUniqueViolation(error)) return undefined;
      throw error;
    }
  }
}

function identityValues({ identity, connection, directoryRead, at }: SignInRecord): unknown[] {
  return [
    identity.issuer,
    identity.subject,
    connection,
    identity.tenant ?? null,
    identity.userId ?? null,
    directoryRead ? at : null,
  ];
}

/** TypeORM answers `[rows, count]` for UPDATE and plain rows otherwise; a CTE that ends in UPDATE is an UPDATE. */
function updatedRows(result: unknown[]): unknown[] {
  return Array.isArray(result[0]) ? result[0] : result;
}

function isUniqueViolation(error: unknown): boolean {
  return (
    error instanceof QueryFailedError && (error.driverError as { code?: string }).code === '23505'
  );
}
