import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { DataSource } from 'typeorm';

import { tokenStoreContract } from '../../test/contracts/token-store.contract.js';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { AppError } from '../common/app-error.js';
import { type Clock, SystemClock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from '../database/data-source.js';
import { PostgresTokenStore } from './postgres-token-store.js';

const encryption = new Encryption([randomBytes(32)]);
const clock = new SystemClock();
let database: TestDatabase;
let admin: pg.Client;
/** Two replicas, each with as few connections as can be configured. */
let replicas: [DataSource, DataSource];
let opened = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  const connected = (): Promise<DataSource> =>
    createDataSource(new Secret(database.url), 2, () => undefined).initialize();
  replicas = [await connected(), await connected()];
});

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.destroy()));
  await admin.end();
  await database.drop();
});

/** Stores alternate between the replicas. */
function open(at: Clock = clock, turnLimitMs?: number): PostgresTokenStore {
  opened += 1;
  return new PostgresTokenStore(replicas[opened % 2]!, encryption, at, turnLimitMs);
}

const lockHolders = `select pid from pg_locks where locktype = 'advisory' and granted
  and database = (select oid from pg_database where datname = current_database())`;

async function killLockHolders(): Promise<number> {
  const { rows } = await admin.query(`select pg_terminate_backend(pid) from (${lockHolders}) held`);
  return rows.length;
}

describe('PostgresTokenStore', () => {
  tokenStoreContract((at) => open(at));

  it('frees a turn at once when its holder loses the connection', async () => {
    const first = open();
    const second = open();
    let finish = (): void => undefined;
    const turns: number[] = [];
    const holder = first.exclusively('killed', async (turn) => {
      turns.push(turn);
      await new Promise<void>((resolve) => (finish = resolve));
      return 'late';
    });
    while (turns.length === 0) await sleep(5);
    const startedAt = performance.now();
    const waiting = second.exclusively('killed', (turn) => Promise.resolve(turns.push(turn)));
    await sleep(50);
    expect(turns).toHaveLength(1);
    expect(await killLockHolders()).toBe(1);
    await waiting;

    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(turns[1]).toBeGreaterThan(turns[0]!);
    finish();
    expect(await holder).toBe('late');
    expect(await first.exclusively('killed', () => Promise.resolve('again'))).toBe('again');
  });

  it('says that the platform is slow when the turn does not come', async () => {
    let finish = (): void => undefined;
    const holder = open().exclusively('slow', () => new Promise<void>((done) => (finish = done)));
    await sleep(50);
    const waiting = open(clock, 200).exclusively('slow', () => Promise.resolve());

    await expect(waiting).rejects.toMatchObject({ code: 'platform_unavailable' });
    await expect(waiting).rejects.toBeInstanceOf(AppError);
    finish();
    await holder;
  });

  it('holds one connection for all turns, and none when there is no turn', async () => {
    const store = open();
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    let started = 0;
    const all = Array.from({ length: 20 }, (_, index) =>
      store.exclusively(`one-connection-${index}`, () => {
        started += 1;
        return gate;
      }),
    );
    while (started < 20) await sleep(5);
    const { rows } = await admin.query<{ pid: number }>(lockHolders);
    expect(rows).toHaveLength(20);
    expect(new Set(rows.map((row) => row.pid)).size).toBe(1);
    finish();
    await Promise.all(all);
    expect((await admin.query(lockHolders)).rows).toEqual([]);
  });

  it('fails, and does not wait, when Postgres refuses', async () => {
    await admin.query('alter sequence platform_token_turns rename to gone');
    try {
      await expect(open().exclusively('refused', () => Promise.resolve())).rejects.toThrow(
        /platform_token_turns/,
      );
    } finally {
      await admin.query('alter sequence gone rename to platform_token_turns');
    }
  });

  it('keeps nothing in plain, and opens nothing under another key', async () => {
    const { adapter } = open();
    await adapter.set('place-1', { value: { value: 'hunter2hunter2', turn: 1 } }, 60_000);
    const { rows } = await admin.query<{ key: string; value: string }>(
      'select * from platform_tokens',
    );
    expect(rows.some((row) => row.key === 'place-1')).toBe(true);
    expect(JSON.stringify(rows)).not.toContain('hunter2');

    await admin.query(`insert into platform_tokens select 'place-2', value, turn, expires_at
      from platform_tokens where key = 'place-1'`);
    expect(await adapter.get('place-1')).toEqual({ value: { value: 'hunter2hunter2', turn: 1 } });
    expect(await adapter.get('place-2')).toBeUndefined();
  });

  it('counts what a lost key sealed as absent', async () => {
    await open().adapter.set('rotated', { value: { turn: 1 } }, 60_000);
    const rotated = new Encryption([randomBytes(32)]);
    const store = new PostgresTokenStore(replicas[0], rotated, clock);

    expect(await store.adapter.get('rotated')).toBeUndefined();
    expect(await store.adapter.set('rotated', { value: { turn: 2 } }, 60_000)).toBe(true);
    expect(await store.adapter.get('rotated')).toEqual({ value: { turn: 2 } });
  });

  it('sweeps out what expired long ago', async () => {
    await admin.query(`insert into platform_tokens values
      ('old', 'x', 1, now() - interval '2 hours'), ('fresh', 'x', 1, now() - interval '1 minute')`);
    await open().adapter.set('any', { value: { turn: 1 } }, 60_000);
    const { rows } = await admin.query<{ key: string }>(
      `select key from platform_tokens where key in ('old', 'fresh')`,
    );
    expect(rows).toEqual([{ key: 'fresh' }]);
  });
});
