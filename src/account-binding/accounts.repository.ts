import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type {
  IdentityName,
  PlatformIdentity,
  PlatformProfile,
} from '../auth/providers/provider.js';
import { Account } from './account.entity.js';
import type { CreateReason, JoinableAccount, KnownAccount } from './binding-rules.js';
import { unlessTaken } from './unique-violation.js';

/** An identity as it stands in the database, with its account. */
export interface BoundIdentity {
  readonly identityId: string;
  readonly account: KnownAccount;
  /** When the corp's directory last confirmed the person. */
  readonly directoryReadAt: Date | undefined;
  /** Since when it is a tombstone; its person may return (`leavers/tombstones.ts`). */
  readonly leftAt: Date | undefined;
}

export interface NewIdentity {
  readonly accountId: string;
  readonly identityId: string;
}

/** A sign-in that is about to be written down. */
export interface SignInRecord {
  readonly connection: string;
  readonly identity: PlatformIdentity;
  readonly at: Date;
  /** When the platform was asked, where that was earlier: whoever has left since is not signed in. */
  readonly provenAt?: Date;
  /** Whether the corp's directory was asked just now. */
  readonly directoryRead: boolean;
}

/** What a new account begins with, beside the platform's profile. */
export interface NewAccount {
  readonly roles: readonly string[];
  readonly reason: CreateReason;
  /** Takes the place of the platform's phone. */
  readonly provenPhone: string | undefined;
  /**
   * Whether a phone that somebody has verified meanwhile stops the creation; else the account is made with the phone as an
   * unverified one, which is told and proves nothing.
   */
  readonly phoneDecides: boolean;
}

/**
 * Accounts and identities in Postgres. Each method is one statement, so that a crash leaves nothing half bound, and what is told
 * to others is told if and only if it happened; two first sign-ins of one person are told apart by the unique constraints on
 * (issuer, subject) and on verified phones.
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
        left_at: Date | null;
      }[]
    >(
      `select i.id as identity_id, i.directory_read_at, i.left_at, a.id as account_id, a.status
         from identities i join accounts a on a.id = i.account_id
        where i.issuer = $1 and i.subject = $2`,
      [issuer, subject],
    );
    if (!row) return undefined;
    return {
      identityId: row.identity_id,
      account: { id: row.account_id, status: row.status },
      directoryReadAt: row.directory_read_at ?? undefined,
      leftAt: row.left_at ?? undefined,
    };
  }

  /** Finds the account with this phone as a verified one, for an identity that might join it. */
  async findPhoneOwner(
    phone: string,
    newcomer: IdentityName,
  ): Promise<JoinableAccount | undefined> {
    const [row] = await this.dataSource.query<JoinableAccount[]>(
      `select a.id, a.status,
              exists (select 1 from identities i where i.account_id = a.id and i.issuer = $2 and i.subject <> $3) as "hasIssuer"
         from accounts a where a.phone = $1 and a.phone_verified`,
      [phone, newcomer.issuer, newcomer.subject],
    );
    return row;
  }

  /** Finds an account that an identity might join. */
  async findJoinable(
    accountId: string,
    newcomer: IdentityName,
  ): Promise<JoinableAccount | undefined> {
    const [row] = await this.dataSource.query<JoinableAccount[]>(
      `select a.id, a.status,
              exists (select 1 from identities i where i.account_id = a.id and i.issuer = $2 and i.subject <> $3) as "hasIssuer"
         from accounts a where a.id = $1`,
      [accountId, newcomer.issuer, newcomer.subject],
    );
    return row;
  }

  /**
   * Makes an account and its first identity.
   * @returns the new ids, or `undefined` when the identity, or a phone that decides, was taken by someone else in the meantime
   */
  async createWithIdentity(
    record: SignInRecord,
    account: NewAccount,
  ): Promise<NewIdentity | undefined> {
    const { profile } = record.identity;
    const rows = await unlessTaken<NewIdentity[]>(
      this.dataSource,
      `with account as (
         insert into accounts (display_name, phone, phone_verified, email, avatar_url, gender, roles, last_sign_in_at, created_at, updated_at)
         select $1, $2, $3 and ($15 or not exists (select 1 from accounts where phone = $2 and phone_verified)), $4, $5, $6, $7, $8, $8, $8
         returning id
       ), identity as (
         insert into identities (account_id, issuer, subject, connection, tenant, user_id, created_at, last_used_at, directory_read_at)
         select account.id, $9, $10, $11, $12, $13, $8, $8, $14 from account
         returning id, account_id
       ), told as (
         insert into account_events (type, account_id, data, at)
         select 'account.created', account_id, $16::jsonb, $8 from identity
       )
       select id as "identityId", account_id as "accountId" from identity`,
      [
        profile.displayName ?? null,
        account.provenPhone ?? profile.phone?.number ?? null,
        account.provenPhone !== undefined || (profile.phone?.trusted ?? false),
        profile.email ?? null,
        profile.avatarUrl ?? null,
        profile.gender ?? null,
        [...account.roles],
        record.at,
        ...identityValues(record),
        account.phoneDecides,
        JSON.stringify({ reason: account.reason, identity: toldOf(record) }),
      ],
    );
    return rows?.[0];
  }

  /**
   * Adds an identity to an account.
   * @param phone the number that led there: still verified there at the instant of the write
   * @returns the ids, or `undefined` when the identity, or the account's place for this issuer, was taken in the meantime, or the
   * account is not what it was
   */
  async bindIdentity(
    accountId: string,
    record: SignInRecord,
    reason: string,
    phone: string | undefined,
  ): Promise<NewIdentity | undefined> {
    const rows = await unlessTaken<NewIdentity[]>(
      this.dataSource,
      `with account as (
         update accounts set last_sign_in_at = $2
          where id = $1 and status = 'active' and ($9::text is null or phone = $9 and phone_verified)
          returning id
       ), identity as (
         insert into identities (account_id, issuer, subject, connection, tenant, user_id, created_at, last_used_at, directory_read_at)
         select account.id, $3, $4, $5, $6, $7, $2, $2, $8 from account
         returning id, account_id
       ), told as (
         insert into account_events (type, account_id, data, at)
         select 'account.bound', account_id, $10::jsonb, $2 from identity
       )
       select id as "identityId", account_id as "accountId" from identity`,
      [
        accountId,
        record.at,
        ...identityValues(record),
        phone ?? null,
        JSON.stringify({ reason, identity: toldOf(record) }),
      ],
    );
    return rows?.[0];
  }

  /**
   * Notes that a known identity was used, and brings the profile up to date where `profile` is given.
   * @returns whether the account is still active and the identity still its own, and no tombstone
   */
  async noteSignIn(
    bound: BoundIdentity,
    record: SignInRecord,
    profile: PlatformProfile | undefined,
  ): Promise<boolean> {
    const rows = await unlessTaken<unknown[]>(
      this.dataSource,
      // The account first, as whoever binds does: two that take the same two rows in turns would wait for each other.
      `with account as (
         update accounts a
            set last_sign_in_at = $3,
                display_name = coalesce($8, a.display_name),
                avatar_url = coalesce($9, a.avatar_url),
                gender = coalesce($10, a.gender),
                email = coalesce($11, a.email),
                email_verified = a.email_verified and ($11::text is null or a.email = $11),
                -- A phone that was proven gives way only to one that is trusted and nobody else's.
                phone = case when $12::text is not null and (incoming.proves or not a.phone_verified) then $12 else a.phone end,
                phone_verified = a.phone_verified or incoming.proves,
                revision = a.revision + $14::boolean::integer,
                updated_at = case when $14::boolean then $3 else a.updated_at end
           from (select $13::boolean and not exists (
                   select 1 from accounts o where o.phone = $12 and o.phone_verified and o.id <> $2) as proves) incoming
          where a.id = $2 and a.status = 'active'
            and exists (select 1 from identities i where i.id = $1 and i.account_id = $2 and i.left_at is null)
         returning a.id
       )
       update identities i
          set last_used_at = $3, connection = $4, tenant = coalesce($5, i.tenant), user_id = coalesce($6, i.user_id),
              directory_read_at = case when $7::boolean then $3 else i.directory_read_at end
         from account
        where i.id = $1 and i.account_id = account.id and i.left_at is null
        returning i.id`,
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

/** What others are told of an identity. */
function toldOf({ identity, connection }: SignInRecord): Readonly<Record<string, unknown>> {
  const { issuer, subject, tenant } = identity;
  return { issuer, subject, connection, ...(tenant && { tenant }) };
}

/** TypeORM answers `[rows, count]` for UPDATE and plain rows otherwise; a CTE that ends in UPDATE is an UPDATE. */
function updatedRows(result: unknown[]): unknown[] {
  return Array.isArray(result[0]) ? result[0] : result;
}
