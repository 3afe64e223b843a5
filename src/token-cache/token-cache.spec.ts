import { setTimeout as sleep } from 'node:timers/promises';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { FakePlatform, ThreeReplicas, until } from '../../test/fixtures/token-replicas.js';
import { AppError } from '../common/app-error.js';
import { Secret } from '../common/secret.js';
import type { TokenCache } from './token-cache.js';

const minute = 60_000;
const replicas = new ThreeReplicas();
let platform: FakePlatform;

beforeEach(() => {
  platform = replicas.platform;
});

describe('a cold cache', () => {
  it('fetches once for 200 callers on three replicas', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 200 }, (_, index) => replicas.cache(index + 1).get(platform.source())),
    );
    expect(platform.fetches).toBe(1);
    expect(new Set(tokens)).toEqual(new Set([platform.token(1)]));
  });

  it('fetches many different tokens at once without starving the pool', async () => {
    const platforms = Array.from({ length: 60 }, () => new FakePlatform());
    const tokens = await Promise.all(
      platforms.flatMap((one) => [
        replicas.cache(1).get(one.source()),
        replicas.cache(2).get(one.source()),
      ]),
    );
    expect(platforms.map((one) => one.fetches)).toEqual(platforms.map(() => 1));
    expect(new Set(tokens).size).toBe(60);
  });

  it('keeps tokens apart by kind, credential, tenant and secret', async () => {
    const sources = [
      platform.source(),
      platform.source({ kind: 'wecom-corp-ticket' }),
      platform.source({ credential: 'other/1' }),
      platform.source({ tenant: 'corp-a' }),
      platform.source({ tenant: 'corp-b' }),
      platform.source({ secret: new Secret('another secret') }),
    ];
    const tokens = await Promise.all(sources.map((source) => replicas.cache(1).get(source)));
    expect(new Set(tokens).size).toBe(6);
    expect(
      await Promise.all(sources.map((source) => replicas.cache(2).get({ ...source }))),
    ).toEqual(tokens);
    expect(platform.fetches).toBe(6);
  });

  it('fetches what a token depends on first, and both once', async () => {
    const ticketOffice = new FakePlatform();
    const sourceOn = (on: TokenCache): ReturnType<FakePlatform['source']> => {
      const app = platform.source();
      return ticketOffice.source({
        kind: 'wecom-corp-ticket',
        dependsOn: app,
        fetch: () =>
          on.use(app, async (token) => platform.call(token).then(() => ticketOffice.fetch())),
      });
    };
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const on = replicas.cache(index + 1);
        return on.get(sourceOn(on));
      }),
    );
    expect([platform.fetches, ticketOffice.fetches]).toEqual([1, 1]);

    // The app token dies, then the ticket is wanted anew on every replica.
    platform.revoked.add(platform.token(1));
    replicas.clock.move(121 * minute);
    await Promise.all(replicas.all.map((replica) => replica.cache.get(sourceOn(replica.cache))));
    expect([platform.fetches, ticketOffice.fetches]).toEqual([2, 2]);
  });

  it('lets others go on within seconds when the one who fetches loses its connection', async () => {
    platform.delayMs = 1500;
    const slow = replicas.cache(1).get(platform.source());
    await until(() => platform.fetches === 1);
    platform.delayMs = 20;
    const waiting = replicas.cache(2).get(platform.source());
    await sleep(50);
    await replicas.admin
      .query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`);

    expect(await waiting).toBe(platform.token(2));
    // The late answer neither overwrites the newer one nor is handed out.
    expect(await slow).toBe(platform.token(2));
    expect(await replicas.cache(1).get(platform.source())).toBe(platform.token(2));
    expect(await replicas.cache(3).get(platform.source())).toBe(platform.token(2));
    expect(platform.fetches).toBe(2);
  });

  it('hands out what it fetched even when that cannot be shared', async () => {
    const source = platform.source({
      fetch: async () => {
        await replicas.admin.query('alter table platform_tokens rename to gone');
        return platform.fetch();
      },
    });
    try {
      expect(await replicas.cache(1).get(source)).toBe(platform.token(1));
    } finally {
      await replicas.admin.query('alter table gone rename to platform_tokens');
    }
    expect(await replicas.cache(1).get(source)).toBe(platform.token(1));
    expect(replicas.log.join()).toContain('could not be shared');
  });
});

it('leaves no token and no secret in the database or the log', async () => {
  const source = platform.source();
  await replicas.cache(1).get(source);
  platform.revoked.add(platform.token(1));
  await replicas.cache(2).use(source, platform.call);
  platform.failure = new AppError('platform_unavailable', 'down');
  replicas.clock.move(110 * minute);
  await replicas.cache(1).get(source);
  await until(() => replicas.log.length > 0);

  const { rows } = await replicas.admin.query('select * from platform_tokens');
  expect(rows.length).toBeGreaterThan(0);
  const written = JSON.stringify([rows, replicas.log]);
  for (const secret of [platform.token(1), platform.token(2), 'hunter2']) {
    expect(written).not.toContain(secret);
  }
});
