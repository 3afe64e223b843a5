import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from './data-source.js';
import { SealedColumn } from './sealed-column.js';
import type { SealedValue } from './sealed-places.js';

let database: TestDatabase;
let dataSource: DataSource;
let column: SealedColumn;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource(new Secret(database.url), 5, () => undefined);
  await dataSource.initialize();
  await dataSource.query(`
    create table safes (house text not null, number bigint not null, note text, kept text,
                        updated_at timestamptz not null default now(), primary key (house, number))`);
  column = new SealedColumn(dataSource, {
    name: 'safes',
    table: 'safes',
    column: 'kept',
    key: { house: 'text', number: 'bigint' },
    beside: ['note'],
    context: ({ house = '', number = '', note = '' }) => `safe:${house}:${number}:${note}`,
  });
});
beforeEach(() => dataSource.query('truncate safes'));
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function batches(keyId: string): Promise<SealedValue[][]> {
  const found: SealedValue[][] = [];
  for await (const batch of column.sealedByOthers(keyId)) found.push([...batch]);
  return found;
}

describe('a column of sealed values', () => {
  it('counts them by their keys; what holds nothing is not counted', async () => {
    await dataSource.query(`
      insert into safes values ('a', 1, 'x', 'v1.old.1'), ('a', 2, 'x', 'v1.new.2'), ('b', 1, 'x', 'v1.old.3'),
                               ('b', 2, 'x', null), ('b', 3, 'x', 'no sealed value')`);
    expect(await column.countByKey()).toEqual(
      new Map([
        ['old', 2],
        ['new', 1],
        ['', 1],
      ]),
    );
  });

  it('hands out each once, however many, whatever is replaced on the way', async () => {
    await dataSource.query(`
      insert into safes select case when n % 2 = 0 then 'Ä' else 'a' end, n, 'n' || n, 'v1.old.' || n
        from generate_series(1, 501) n`);
    const seen: string[] = [];
    for await (const batch of column.sealedByOthers('new')) {
      expect(batch.length).toBeLessThanOrEqual(200);
      for (const value of batch) {
        seen.push(value.context);
        if (seen.length % 3 === 0) expect(await value.replace('v1.new.x')).toBe(true);
      }
    }
    expect(new Set(seen).size).toBe(501);
    expect(seen.length).toBe(501);
    expect(seen).toContain('safe:a:501:n501');
    expect((await batches('new')).flat()).toHaveLength(334);
  });

  it('leaves what was changed meanwhile, and touches nothing beside the value', async () => {
    await dataSource.query(
      `insert into safes values ('a', 1, 'x', 'v1.old.1', '2026-01-01'), ('a', 2, 'x', 'v1.old.2', '2026-01-01')`,
    );
    const [[one, two] = []] = await batches('new');
    await dataSource.query(`update safes set kept = 'v1.old.changed' where number = 1`);
    expect(await one?.replace('v1.new.1')).toBe(false);
    expect(await two?.replace('v1.new.2')).toBe(true);
    expect(await two?.replace('v1.new.3')).toBe(false);
    expect(
      await dataSource.query(`select kept, note, updated_at from safes order by number`),
    ).toEqual([
      { kept: 'v1.old.changed', note: 'x', updated_at: new Date('2026-01-01T00:00:00Z') },
      { kept: 'v1.new.2', note: 'x', updated_at: new Date('2026-01-01T00:00:00Z') },
    ]);
  });
});
