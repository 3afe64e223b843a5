import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { IdentityName } from '../auth/providers/provider.js';
import type { SignInRecord } from './accounts.repository.js';

/** People without an account who ask an administrator for one; what becomes of it is decided through the API. */
@Injectable()
export class AccountAsking {
  constructor(private readonly dataSource: DataSource) {}

  /** Asks once: while a request waits, another changes nothing. */
  async ask({ identity, connection, at }: SignInRecord): Promise<void> {
    await this.dataSource.query(
      `insert into account_requests (issuer, subject, connection, identity, created_at) values ($1, $2, $3, $4, $5)
       on conflict (issuer, subject) where status = 'pending' do nothing`,
      [identity.issuer, identity.subject, connection, identity, at],
    );
  }

  async isWaiting({ issuer, subject }: IdentityName): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `select 1 from account_requests where issuer = $1 and subject = $2 and status = 'pending'`,
      [issuer, subject],
    );
    return rows.length > 0;
  }
}
