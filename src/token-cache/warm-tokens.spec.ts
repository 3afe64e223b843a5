import { setTimeout as sleep } from 'node:timers/promises';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { eventually } from '../../test/fixtures/eventually.js';
import {
  type FakePlatform,
  openReplica,
  outcomeOf,
  ThreeReplicas,
  until,
} from '../../test/fixtures/token-replicas.js';
import { AppError } from '../common/app-error.js';
import { SystemClock } from '../common/clock.js';

const minute = 60_000;
const replicas = new ThreeReplicas();
let platform: FakePlatform;

beforeEach(() => {
  platform = replicas.platform;
});

describe('a warm cache', () => {
  it('needs nothing but memory', async () => {
    const source = platform.source();
    await replicas.cache(1).get(source);
    await replicas.cache(2).get(source);
    await Promise.all(replicas.all.map(({ dataSource }) => dataSource.destroy()));

    expect(await replicas.cache(1).get(source)).toBe(platform.token(1));
    // The second one found it in the shared store, and remembers it all the same.
    expect(await replicas.cache(2).get(source)).toBe(platform.token(1));
    expect(await replicas.cache(2).use(source, platform.call)).toBe(
      `done with ${platform.token(1)}`,
    );
    expect(platform.fetches).toBe(1);
  });

  it('renews in the background, once for all replicas, while callers get the old token', async () => {
    const source = platform.source();
    await replicas.many(3, (cache) => cache.get(source));
    replicas.clock.move(95 * minute);
    await replicas.many(3, (cache) => cache.get(source));
    expect(platform.fetches).toBe(1);

    replicas.clock.move(14 * minute);
    const during = await Promise.all(
      Array.from({ length: 90 }, (_, index) => replicas.cache(index + 1).get(source)),
    );
    expect(new Set(during)).toEqual(new Set([platform.token(1)]));
    for (const replica of replicas.all) {
      let token = '';
      await until(() => {
        void replica.cache.get(source).then((value) => (token = value));
        return token === platform.token(2);
      });
    }
    expect(platform.fetches).toBe(2);
  });

  it('renews once for all replicas also where the platform gives the same token again', async () => {
    const source = platform.source({
      fetch: async () => ({ ...(await platform.fetch()), value: 'the same' }),
    });
    await replicas.many(3, (cache) => cache.get(source));
    replicas.clock.move(109 * minute);
    await replicas.many(3, (cache) => cache.get(source));
    await until(() => platform.fetches === 2);
    await sleep(300);
    await replicas.many(3, (cache) => cache.get(source));
    await sleep(200);
    expect(platform.fetches).toBe(2);

    // It lives on beyond the first one's end.
    replicas.clock.move(30 * minute);
    platform.failure = new AppError('platform_unavailable', 'down');
    expect(await replicas.cache(3).get(source)).toBe('the same');
  });

  it('renews by itself while it is in use', async () => {
    platform.expiresInSeconds = 2;
    const replica = await openReplica(replicas.database.url, new SystemClock());
    const source = platform.source();
    await replica.cache.get(source);
    await until(() => platform.fetches === 2);
    replica.cache.stop();
    await eventually(async () => expect(await replica.cache.get(source)).toBe(platform.token(2)));

    await sleep(2000);
    expect(platform.fetches).toBe(2);
    await replica.close();
  });

  it('keeps serving a token that is valid while the platform is down', async () => {
    const source = platform.source();
    await replicas.cache(1).get(source);
    platform.failure = new AppError('platform_unavailable', 'down');
    replicas.clock.move(110 * minute);
    expect(await replicas.cache(1).get(source)).toBe(platform.token(1));
    await until(() => replicas.log.join().includes('could not be renewed yet'));
    replicas.clock.move(8 * minute);
    expect(await replicas.cache(1).get(source)).toBe(platform.token(1));

    // Not up to its last second: it must survive the call that it is for.
    replicas.clock.move(1.5 * minute);
    expect(await outcomeOf(replicas.cache(1).get(source))).toBe('platform_unavailable');
    platform.failure = undefined;
    replicas.clock.move(2000);
    await sleep(1100);
    expect(await replicas.cache(1).get(source)).toBe(platform.token(platform.fetches));
  });

  it('does not ask a platform that is down at every call', async () => {
    const source = platform.source();
    await replicas.cache(1).get(source);
    platform.failure = new AppError('platform_unavailable', 'down');
    platform.delayMs = 0;
    replicas.clock.move(110 * minute);
    for (let call = 0; call < 50; call += 1) {
      await replicas.cache(1).get(source);
      await sleep(5);
    }
    expect(platform.fetches).toBe(2);
  });
});
