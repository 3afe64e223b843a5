import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';

import { Secret } from '../../src/common/secret.js';
import { createDataSource } from '../../src/database/data-source.js';
import { migrations } from '../../src/database/migrations.js';
import { createEmptyDatabase, type TestDatabase } from '../fixtures/postgres.js';
import { breakingChanges, changedRows } from './breaking-changes.js';
import { readShape } from './schema-shape.js';

/**
 * What older code could not have lived with, and why that was fine. During a rolling upgrade replicas of two releases share one schema:
 * a new line here needs a reason why no replica of the release before can meet it.
 */
const excused: Readonly<Record<string, readonly string[]>> = {
  // Older than the first release: it never ran beside the code before it.
  SelfService1763683200006: ['sign_in_attempts.interaction_uid may be empty'],
  // The same.
  AuditTrail1763683200008: [
    'audit_events has a new rule: audit_events_stay',
    'audit_events has a new rule: audit_events_stay_whole',
  ],
};

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createEmptyDatabase();
  dataSource = createDataSource(new Secret(database.url), 2, () => undefined);
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** Does something to the schema. @returns what that breaks for whoever does not know of it */
async function brokenBy(
  change: (runner: QueryRunner) => Promise<unknown>,
  end: 'commitTransaction' | 'rollbackTransaction',
): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  const statements: string[] = [];
  const noting = new Proxy(runner, {
    get: (of, name) =>
      name === 'query'
        ? (statement: string, parameters?: unknown[]): Promise<unknown> => {
            statements.push(statement);
            return of.query(statement, parameters);
          }
        : (Reflect.get(of, name, of) as unknown),
  });
  try {
    await runner.startTransaction();
    const before = await readShape(runner);
    await change(noting);
    const broken = breakingChanges(before, await readShape(runner));
    await runner[end]();
    return [...broken, ...changedRows(statements, before)];
  } finally {
    await runner.release();
  }
}

describe('each migration, one after the other,', () => {
  it.each(migrations.map((Migration) => [Migration.name, Migration] as const))(
    '%s leaves alone what a replica of the release before lives on',
    async (name, Migration) => {
      expect(await brokenBy((runner) => new Migration().up(runner), 'commitTransaction')).toEqual(
        excused[name] ?? [],
      );
    },
  );

  it('that is excused is there', () => {
    const names = migrations.map(({ name }) => name);
    expect(Object.keys(excused).filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('a change is found that', () => {
  beforeAll(() =>
    dataSource.query(`
      create table seats (id integer primary key, name text not null default '', room text, label varchar(20), number integer not null);
      create unique index seats_label on seats (label);
      create table desks (id integer primary key)`),
  );

  it.each([
    ['drops a table', 'drop table desks', ['desks is gone']],
    ['renames a table', 'alter table seats rename to chairs', ['seats is gone']],
    ['drops a column', 'alter table seats drop column room', ['seats.room is gone']],
    ['renames a column', 'alter table seats rename column room to hall', ['seats.room is gone']],
    [
      'changes a type',
      'alter table seats alter column id type bigint',
      ['seats.id is bigint, and was integer'],
    ],
    [
      'makes a text shorter',
      'alter table seats alter column label type varchar(10)',
      ['seats.label is character varying(10), and was character varying(20)'],
    ],
    [
      'adds what must be filled',
      'alter table seats add column row_number integer not null',
      ['seats.row_number is new, and must be filled'],
    ],
    [
      'lets nobody leave empty what might be',
      'alter table seats alter column room set not null',
      ['seats.room must be filled'],
    ],
    [
      'lets be empty what was always filled',
      'alter table seats alter column number drop not null',
      ['seats.number may be empty'],
    ],
    [
      'takes a default away',
      'alter table seats alter column name drop default',
      ['seats.name has no default any more'],
    ],
    [
      'wants more of a row',
      `alter table seats add constraint named check (name <> '')`,
      ['seats has a new rule: named'],
    ],
    [
      'allows a value once only',
      'create unique index seats_name on seats (name)',
      ['seats has a new rule: seats_name'],
    ],
    [
      'allows twice what was once, where `on conflict` may stand',
      'drop index seats_label',
      ['seats has lost a rule: seats_label'],
    ],
    [
      'keeps rows from being deleted',
      'create table guests (seat integer references seats (id))',
      ['guests keeps rows of seats from being deleted'],
    ],
    ['changes rows', `update seats set name = 'x' where id < 5`, ['rows of seats change (update)']],
    ['empties a table', 'truncate seats', ['rows of seats change (truncate)']],
    // What harms nobody.
    ['(not one that) adds a table', 'create table lamps (id integer primary key)', []],
    ['(not one that) adds a column', 'alter table seats add column color text', []],
    [
      '(not one that) adds a column with a rule of its own',
      `alter table seats add column size integer not null default 1 check (size > 0) references desks (id)`,
      [],
    ],
    ['(not one that) makes something faster', 'create index seats_room on seats (room)', []],
    [
      '(not one that) adds rows which go with those of an older table',
      'create table cushions (seat integer not null references seats (id) on delete cascade)',
      [],
    ],
  ])('%s', async (_what, statement, expected) => {
    // Each finds the same schema.
    const broken = await brokenBy((runner) => runner.query(statement), 'rollbackTransaction');
    expect(broken).toEqual(expected);
  });
});
