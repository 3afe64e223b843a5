import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type * as client from 'openid-client';
import { DataSource } from 'typeorm';

import { adminApi } from '../fixtures/api.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;
/** The tables of the schema that this code knows. */
let tables: string[];

beforeAll(async () => {
  bed = await openTestBed();
  configuration = await discoverPortal(bed);
  const rows = await bed.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'migrations'`,
  );
  tables = rows.map(({ name }) => name);
});
afterAll(() => bed.stop());

/** A migration of the next release: a column in every table, and a table that belongs to an account. */
async function migrateToTomorrow(): Promise<void> {
  for (const table of tables)
    await bed.query(
      `alter table ${table} add column of_tomorrow text not null default 'new', add column ahead jsonb`,
    );
  await bed.query(
    `create table badges (id uuid primary key, account_id uuid not null references accounts (id) on delete cascade)`,
  );
  await bed.query(`insert into badges select gen_random_uuid(), id from accounts`);
  await bed.query(`insert into migrations (timestamp, name) values ($1, $2)`, [
    4102444800000,
    'Badges4102444800000',
  ]);
}

/** A life in short, through whichever replica listens at the public address; throws where any of it fails. */
async function live(subject: string, slug: string): Promise<string[]> {
  const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
  const tokens = await redeem(configuration, began, back);
  const seen: string[] = [tokens.token_type];
  const api = await adminApi(bed);
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await api(method, path, { body });
    seen.push(`${method} ${path.split('/', 2)[1]?.split('?')[0]} ${answer.status}`);
    return answer.body;
  };
  const { id } = (await call('POST', '/accounts', { displayName: subject })) as { id: string };
  await call('POST', `/accounts/${id}/identities`, { connection: 'wecom-hq', subject });
  await call('GET', `/accounts?q=${subject}`);
  await call('GET', `/accounts/${id}`);
  await call('DELETE', `/accounts/${id}`);
  await call('POST', '/clients', {
    clientId: slug,
    displayName: slug,
    redirectUris: ['https://x.example.com/cb'],
  });
  await call('DELETE', `/clients/${slug}`);
  await call('GET', '/connections');
  await call('POST', '/signing-keys/rotate');
  await call('GET', '/audit-events');
  return seen;
}

const wholeLife = [
  'bearer',
  'POST accounts 201',
  'POST accounts 201',
  'GET accounts 200',
  'GET accounts 200',
  'DELETE accounts 204',
  'POST clients 201',
  'DELETE clients 204',
  'GET connections 200',
  'POST signing-keys 201',
  'GET audit-events 200',
];

describe('code whose schema is one migration ahead', () => {
  it('goes on where it runs, and has connections to Postgres already', async () => {
    expect(await live('before', 'before')).toEqual(wholeLife);
    await migrateToTomorrow();
    expect(await live('after', 'after')).toEqual(wholeLife);
    expect(tables.length).toBeGreaterThan(20);
  });

  it.each(['true', 'false'])('starts with MIGRATE_ON_START=%s, and lives', async (migrates) => {
    const { port } = new URL(bed.issuer);
    await bed.replicas.at(-1)?.stop();
    await bed.addReplica({ env: { PORT: port, MIGRATE_ON_START: migrates } });
    expect(await live(`fresh-${migrates}`, `fresh-${migrates}`)).toEqual(wholeLife);
  });

  it('changed nothing that the next release wrote, and left its columns to their defaults', async () => {
    const newest = bed.replicas.at(-1)!.service.app.get(DataSource);
    expect(await newest.query('select distinct of_tomorrow from audit_events')).toEqual([
      { of_tomorrow: 'new' },
    ]);
    // The person who signs in has had one since the migration.
    expect(
      await newest.query(
        `select count(*)::int as badges, count(distinct account_id)::int as accounts from badges`,
      ),
    ).toEqual([{ badges: 1, accounts: 1 }]);
    expect(bed.log()).not.toMatch(/"level":"?(?:error|fatal|50|60)/);
  });
});
