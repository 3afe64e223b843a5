import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { CreateReason, KnownAccount } from './binding-rules.js';
import { unlessTaken } from './unique-violation.js';

/** Accounts as those see them who sign in with the account's own phone; one statement each. */
@Injectable()
export class PhoneAccountsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Finds the account that holds this number as a verified one. */
  async findOwner(phone: string): Promise<KnownAccount | undefined> {
    const [row] = await this.dataSource.query<KnownAccount[]>(
      `select id, status from accounts where phone = $1 and phone_verified`,
      [phone],
    );
    return row;
  }

  /**
   * Makes an account for a number that was proven by SMS code.
   * @returns its id, or `undefined` when the number was taken in the meantime
   */
  async create(
    phone: string,
    roles: readonly string[],
    reason: CreateReason,
    at: Date,
  ): Promise<string | undefined> {
    const rows = await unlessTaken<{ id: string }[]>(
      this.dataSource,
      `with account as (
         insert into accounts (phone, phone_verified, roles, last_sign_in_at, created_at, updated_at)
         values ($1, true, $2, $4, $4, $4)
         returning id
       ), told as (
         insert into account_events (type, account_id, data, at)
         select 'account.created', id, jsonb_build_object('reason', $3::text), $4 from account
       )
       select id from account`,
      [phone, [...roles], reason, at],
    );
    return rows?.[0]?.id;
  }

  /**
   * Notes a sign-in with the account's own phone.
   * @returns whether the account is still active and still holds the number as verified
   */
  async noteSignIn(accountId: string, phone: string, at: Date): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update accounts set last_sign_in_at = $3
        where id = $1 and status = 'active' and phone = $2 and phone_verified`,
      [accountId, phone, at],
    );
    return count === 1;
  }
}
