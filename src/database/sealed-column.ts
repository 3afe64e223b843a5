import type { DataSource } from 'typeorm';

import type { SealedPlace, SealedValue } from './sealed-places.js';

/** Which column of which table holds sealed values. */
export interface SealedColumnShape {
  readonly name: string;
  readonly table: string;
  readonly column: string;
  /** The columns of the primary key, in its order, with their types. */
  readonly key: Readonly<Record<string, 'text' | 'uuid' | 'bigint'>>;
  /** What else the context is made of; `content_hash`. */
  readonly beside?: readonly string[];
  /** What the value of a row is sealed for. */
  readonly context: (row: Readonly<Record<string, string>>) => string;
  readonly isRenewable?: boolean;
}

const batchSize = 200;

type Row = Readonly<Record<string, string>> & { readonly sealed: string };

/** Sealed values in Postgres. Nothing but the column itself is written: versions and times of a row stay. */
export class SealedColumn implements SealedPlace {
  readonly name: string;
  readonly isRenewable: boolean;
  readonly #keys: readonly string[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly shape: SealedColumnShape,
  ) {
    this.name = shape.name;
    this.isRenewable = shape.isRenewable ?? false;
    this.#keys = Object.keys(shape.key);
  }

  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const { table, column } = this.shape;
    const rows = await this.dataSource.query<{ key: string; count: string }[]>(
      `select ${keyIdIn(column)} as key, count(*) from ${table} where ${column} is not null group by 1`,
    );
    return new Map(rows.map(({ key, count }) => [key, Number(count)]));
  }

  async *sealedByOthers(keyId: string): AsyncIterable<readonly SealedValue[]> {
    let last: Row | undefined;
    do {
      const rows = await this.#after(last, keyId);
      if (rows.length > 0) yield rows.map((row) => this.#value(row));
      last = rows.length === batchSize ? rows.at(-1) : undefined;
    } while (last);
  }

  #after(last: Row | undefined, keyId: string): Promise<Row[]> {
    const { table, column, key, beside = [] } = this.shape;
    const columns = [...this.#keys, ...beside].map((name) => `${name}::text`);
    const place = this.#keys.map((name, index) => `$${index + 2}::${key[name] ?? 'text'}`);
    return this.dataSource.query<Row[]>(
      `select ${columns.join(', ')}, ${column} as sealed from ${table}
        where ${column} is not null and ${keyIdIn(column)} <> $1
          ${last ? `and (${this.#keys.join(', ')}) > (${place.join(', ')})` : ''}
        order by ${this.#keys.map((name) => `${table}.${name}`).join(', ')} limit ${batchSize}`,
      [keyId, ...(last ? this.#keys.map((name) => last[name]) : [])],
    );
  }

  #value(row: Row): SealedValue {
    const { table, column, key, context } = this.shape;
    const isThis = this.#keys.map((name, index) => `${name} = $${index + 3}::${key[name] ?? ''}`);
    return {
      sealed: row.sealed,
      context: context(row),
      // One row at a time: whoever locks several of them in another order is never met halfway.
      replace: async (resealed) => {
        const [, count] = await this.dataSource.query<[unknown[], number]>(
          `update ${table} set ${column} = $1 where ${column} = $2 and ${isThis.join(' and ')}`,
          [resealed, row.sealed, ...this.#keys.map((name) => row[name])],
        );
        return count > 0;
      },
    };
  }
}

/** `v1.<key id>.…`; nothing for what is no sealed value. */
function keyIdIn(column: string): string {
  return `split_part(${column}, '.', 2)`;
}
