import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { recordAccountEvents } from '../account-events.js';
import { isDeadlock, isForeignKeyViolation, isUniqueViolation } from '../unique-violation.js';
import { failure, type ImportResult, type ImportRow } from './import-row.js';
import { type Known, KnownPeople } from './known-people.js';

/** A row that becomes an account. */
type NewAccount = ImportRow & { readonly id: string };

/** Writes rows, many in one transaction and a handful of statements; what is there already stays as it is. */
@Injectable()
export class ImportBatch {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @returns a result for each row, in order */
  async write(rows: readonly ImportRow[]): Promise<ImportResult[]> {
    try {
      return await this.dataSource.transaction((manager) => this.#write(manager, rows));
    } catch (error) {
      if (!isContended(error)) throw error;
    }
    // Somebody else wrote one of these people at the same time: one by one, each finds what is there.
    const results: ImportResult[] = [];
    for (const row of rows) results.push(await this.#writeOne(row));
    return results;
  }

  async #writeOne(row: ImportRow): Promise<ImportResult> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const [result] = await this.dataSource.transaction((manager) =>
          this.#write(manager, [row]),
        );
        if (result) return result;
      } catch (error) {
        if (!isContended(error)) throw error;
        if (attempt < 3) continue;
        return failure(
          row.line,
          new AppError('binding_conflict', 'The person was changed by somebody else meanwhile.'),
        );
      }
    }
  }

  async #write(manager: EntityManager, rows: readonly ImportRow[]): Promise<ImportResult[]> {
    const known = await KnownPeople.read(manager, rows);
    const created: NewAccount[] = [];
    const added: {
      accountId: string;
      row: ImportRow;
      identity: ImportRow['identities'][number];
    }[] = [];
    const results = rows.map((row): ImportResult => {
      const found = known.find(row);
      if (found instanceof AppError) return failure(row.line, found);
      if (found === undefined) {
        const account = { ...row, id: row.id ?? randomUUID() };
        created.push(account);
        known.add(account);
        return { line: row.line, status: 'created', id: account.id };
      }
      const missing = missingIdentities(found, row, known);
      added.push(...missing.map((identity) => ({ accountId: found.id, row, identity })));
      return {
        line: row.line,
        status: 'exists',
        id: found.id,
        ...(missing.length > 0 && { identitiesAdded: missing.length }),
      };
    });
    const now = this.clock.now();
    await insertAccounts(manager, created, now);
    await insertIdentities(
      manager,
      [
        ...created.flatMap(({ id: accountId, identities }) =>
          identities.map((identity) => ({ accountId, identity })),
        ),
        ...added,
      ],
      now,
    );
    await recordAccountEvents(manager, now, [
      ...created.map(({ id: accountId }) => ({
        type: 'account.created' as const,
        accountId,
        data: { reason: 'import' },
      })),
      ...added.map(({ accountId, identity: { issuer, subject, connection, tenant } }) => ({
        type: 'account.bound' as const,
        accountId,
        data: {
          reason: 'import',
          identity: { issuer, subject, connection, ...(tenant && { tenant }) },
        },
      })),
    ]);
    return results;
  }
}

/** Whether somebody else wrote the same people at the same time, or deleted one. */
function isContended(error: unknown): boolean {
  return isUniqueViolation(error) || isForeignKeyViolation(error) || isDeadlock(error);
}

/** Identities that the account does not have and nobody else has. */
function missingIdentities(
  found: Known,
  row: ImportRow,
  known: KnownPeople,
): ImportRow['identities'][number][] {
  const missing = row.identities.filter(({ issuer }) => !found.issuers.has(issuer));
  for (const identity of missing) known.addIdentity(found, identity);
  return missing;
}

async function insertAccounts(
  manager: EntityManager,
  accounts: readonly NewAccount[],
  now: Date,
): Promise<void> {
  if (accounts.length === 0) return;
  await manager.query(
    `insert into accounts (id, display_name, phone, phone_verified, email, email_verified, avatar_url, gender, locale, roles,
                           status, created_at, updated_at)
     select id, "displayName", phone, coalesce("phoneVerified", false), email, coalesce("emailVerified", false), "avatarUrl",
            gender, locale, coalesce(roles, '{}'), coalesce(status, 'active'), $2, $2
       from jsonb_to_recordset($1::jsonb) as row (id uuid, "displayName" text, phone text, "phoneVerified" boolean, email text,
            "emailVerified" boolean, "avatarUrl" text, gender text, locale text, roles text[], status text)`,
    [JSON.stringify(accounts.map(({ id, fields }) => Object.assign({ id }, fields))), now],
  );
}

async function insertIdentities(
  manager: EntityManager,
  entries: readonly {
    readonly accountId: string;
    readonly identity: ImportRow['identities'][number];
  }[],
  now: Date,
): Promise<void> {
  if (entries.length === 0) return;
  await manager.query(
    `insert into identities (account_id, issuer, subject, connection, tenant, created_at, last_used_at)
     select "accountId", issuer, subject, connection, tenant, $2, $2
       from jsonb_to_recordset($1::jsonb) as row ("accountId" uuid, issuer text, subject text, connection text, tenant text)`,
    [JSON.stringify(entries.map(({ accountId, identity }) => ({ accountId, ...identity }))), now],
  );
}
