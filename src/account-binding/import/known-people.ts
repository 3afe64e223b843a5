import type { EntityManager } from 'typeorm';

import { AppError } from '../../common/app-error.js';
import type { ImportRow } from './import-row.js';

/** An account that is there, or that an earlier row of the same batch makes. */
export interface Known {
  readonly id: string;
  /** Of which issuers it has an identity. */
  readonly issuers: Set<string>;
}

interface Found {
  readonly id: string;
  readonly phone: string | null;
  readonly identities: readonly { readonly issuer: string; readonly subject: string }[];
}

/** Who of a batch is there already: by id, by identity, by verified phone. */
export class KnownPeople {
  readonly #byId = new Map<string, Known>();
  readonly #byPhone = new Map<string, Known>();
  readonly #byIdentity = new Map<string, Known>();

  static async read(manager: EntityManager, rows: readonly ImportRow[]): Promise<KnownPeople> {
    const identities = rows.flatMap((row) => row.identities);
    const found = await manager.query<Found[]>(
      `with wanted as (
         select id from accounts where id = any($1::uuid[])
         union
         select id from accounts where phone_verified and phone = any($2::text[])
         union
         select i.account_id from identities i
           join unnest($3::text[], $4::text[]) as name (issuer, subject) on name.issuer = i.issuer and name.subject = i.subject
       )
       select a.id, case when a.phone_verified then a.phone end as phone,
              coalesce((select jsonb_agg(jsonb_build_object('issuer', i.issuer, 'subject', i.subject))
                          from identities i where i.account_id = a.id), '[]') as identities
         from accounts a join wanted on wanted.id = a.id`,
      [
        rows.flatMap(({ id }) => id ?? []),
        rows.flatMap((row) => verifiedPhone(row) ?? []),
        identities.map(({ issuer }) => issuer),
        identities.map(({ subject }) => subject),
      ],
    );
    const people = new KnownPeople();
    for (const { id, phone, identities: names } of found) people.#remember(id, phone, names);
    return people;
  }

  /**
   * @returns the account that a row means, `undefined` where there is none yet, or why the row cannot be written:
   * `identity_already_bound`, `phone_taken`, `binding_conflict`
   */
  find(row: ImportRow): Known | AppError | undefined {
    const phone = verifiedPhone(row);
    const byId = row.id === undefined ? undefined : this.#byId.get(row.id);
    const byPhone = phone === undefined ? undefined : this.#byPhone.get(phone);
    const byIdentity = row.identities.flatMap(
      ({ issuer, subject }) => this.#byIdentity.get(key(issuer, subject)) ?? [],
    );
    // With an id of its own, the row is that account and no other.
    const account = byId ?? (row.id === undefined ? (byIdentity[0] ?? byPhone) : undefined);
    if (byIdentity.some((other) => other !== account))
      return new AppError('identity_already_bound', 'An identity belongs to another account.');
    if (byPhone && byPhone !== account)
      return new AppError('phone_taken', 'Another account has verified this number.');
    const isSomebodyElse = row.identities.some(
      ({ issuer, subject }) =>
        account?.issuers.has(issuer) && !this.#byIdentity.has(key(issuer, subject)),
    );
    if (isSomebodyElse) {
      return new AppError(
        'binding_conflict',
        'The account has another identity of the same issuer: they are different people there.',
      );
    }
    return account;
  }

  /** A row that makes an account. */
  add(row: ImportRow & { readonly id: string }): void {
    this.#remember(row.id, verifiedPhone(row) ?? null, row.identities);
  }

  addIdentity(account: Known, name: { readonly issuer: string; readonly subject: string }): void {
    account.issuers.add(name.issuer);
    this.#byIdentity.set(key(name.issuer, name.subject), account);
  }

  #remember(
    id: string,
    phone: string | null,
    names: readonly { readonly issuer: string; readonly subject: string }[],
  ): void {
    const account: Known = { id, issuers: new Set() };
    this.#byId.set(id, account);
    if (phone !== null) this.#byPhone.set(phone, account);
    for (const name of names) this.addIdentity(account, name);
  }
}

function verifiedPhone({ fields }: ImportRow): string | undefined {
  return fields.phoneVerified && typeof fields.phone === 'string' ? fields.phone : undefined;
}

function key(issuer: string, subject: string): string {
  return JSON.stringify([issuer, subject]);
}
