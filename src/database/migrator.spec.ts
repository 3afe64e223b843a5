import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createEmptyDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from './data-source.js';
import {
  migrate,
  PendingMigrationsError,
  pendingMigrations,
  refusePendingMigrations,
} from './migrator.js';
import { migrations } from './migrations.js';

describe('migrate', () => {
  let database: TestDatabase;
  const replicas: DataSource[] = [];

  beforeEach(async () => {
    database = await createEmptyDatabase();
  });

  afterEach(async () => {
    for (const replica of replicas.splice(0)) await replica.destroy();
    await database.drop();
  });

  async function replica(): Promise<DataSource> {
    const dataSource = createDataSource(new Secret(database.url), 2, () => undefined);
    await dataSource.initialize();
    replicas.push(dataSource);
    return dataSource;
  }

  it('runs each migration once when five replicas start on an empty database', async () => {
    const five = await Promise.all([1, 2, 3, 4, 5].map(() => replica()));
    await Promise.all(five.map((each) => migrate(each)));

    const rows = await five[0]!.query<{ name: string }[]>(
      'select name from migrations order by id',
    );
    expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
  });

  it('lets go of the lock, and changes nothing the second time', async () => {
    const first = await replica();
    await migrate(first);
    await migrate(await replica());

    expect(
      await first.query(
        "select count(*)::int as locks from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and d.datname = current_database()",
      ),
    ).toEqual([{ locks: 0 }]);
    await expect(refusePendingMigrations(first)).resolves.toBeUndefined();
  });

  it('gives the time limit of statements back to the connection that it used', async () => {
    const first = await replica();
    await migrate(first);
    expect(await first.query('show statement_timeout')).toEqual([{ statement_timeout: '15s' }]);
  });

  it('refuses a schema that is behind, where it may not change it', async () => {
    await expect(refusePendingMigrations(await replica())).rejects.toThrow(PendingMigrationsError);
  });

  it('says what it ran, and what it would run without writing anything', async () => {
    const first = await replica();
    const all = migrations.map(({ name }) => name);
    expect(await pendingMigrations(first)).toEqual(all);
    expect(await first.query(`select to_regclass('migrations') as made`)).toEqual([{ made: null }]);

    expect(await migrate(first)).toEqual(all);
    expect(await pendingMigrations(first)).toEqual([]);
    expect(await migrate(first)).toEqual([]);
  });

  it('leaves nothing of a migration that fails, and lets the next start try again', async () => {
    const first = await replica();
    const blocker = 'create table audit_events (in_the_way int)';
    await first.query(blocker);
    await expect(migrate(first)).rejects.toThrow(/already exists/);
    await first.query('drop table audit_events');

    await migrate(await replica());
    await expect(refusePendingMigrations(first)).resolves.toBeUndefined();
  });
});
