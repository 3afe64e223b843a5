import { setTimeout as sleep } from 'node:timers/promises';

import { beforeEach, describe, expect, it } from '@jest/globals';

import {
  type FakePlatform,
  outcomeOf,
  ThreeReplicas,
  until,
} from '../../test/fixtures/token-replicas.js';
import { AppError } from '../common/app-error.js';
import { Secret } from '../common/secret.js';

const minute = 60_000;
const replicas = new ThreeReplicas();
let platform: FakePlatform;

beforeEach(() => {
  platform = replicas.platform;
});

describe('a refusal', () => {
  const refused = new AppError('platform_misconfigured', 'The secret is wrong.', {
    operator: { call: 'gettoken', platformCode: '40001', fix: 'Copy the secret again.' },
  });

  it('is remembered by all replicas, as it was', async () => {
    platform.failure = refused;
    const source = platform.source();
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => outcomeOf(replicas.cache(i + 1).get(source))),
    );
    expect(platform.fetches).toBe(1);

    const error: unknown = await replicas
      .cache(3)
      .get(source)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: 'platform_misconfigured',
      message: 'The secret is wrong.',
      operator: { call: 'gettoken', platformCode: '40001', fix: 'Copy the secret again.' },
    });
  });

  it.each<[string, AppError, number[]]>([
    ['misconfigured', refused, [5, 10, 20, 40, 80, 160, 300, 300]],
    [
      'rate limited',
      new AppError('platform_rate_limited', 'Too many calls.'),
      [5, 10, 20, 40, 60, 60],
    ],
    ['unavailable', new AppError('platform_unavailable', 'Down.'), [1, 1, 1]],
  ])('pauses for growing times: %s', async (_name, failure, pausesSeconds) => {
    platform.failure = failure;
    platform.delayMs = 0;
    const source = platform.source();
    await outcomeOf(replicas.cache(1).get(source));
    for (const [index, seconds] of pausesSeconds.entries()) {
      replicas.clock.move(seconds * 1000 - 1);
      expect(await outcomeOf(replicas.cache(index + 1).get(source))).toBe(failure.code);
      expect(platform.fetches).toBe(index + 1);
      replicas.clock.move(1);
      expect(await outcomeOf(replicas.cache(index + 1).get(source))).toBe(failure.code);
      expect(platform.fetches).toBe(index + 2);
    }
  });

  it('ends with a success, and the next one starts with the first pause again', async () => {
    const source = platform.source();
    platform.failure = refused;
    await outcomeOf(replicas.cache(1).get(source));
    replicas.clock.move(5000);
    await outcomeOf(replicas.cache(1).get(source));
    platform.failure = undefined;
    replicas.clock.move(10_000);
    expect(await replicas.cache(1).get(source)).toBe(platform.token(3));

    replicas.clock.move(121 * minute);
    platform.failure = refused;
    await outcomeOf(replicas.cache(1).get(source));
    replicas.clock.move(5000);
    await outcomeOf(replicas.cache(1).get(source));
    expect(platform.fetches).toBe(5);
  });

  it('is forgotten with a changed secret', async () => {
    platform.failure = refused;
    await outcomeOf(replicas.cache(1).get(platform.source()));
    platform.failure = undefined;
    const mended = platform.source({ secret: new Secret('the right one') });
    expect(await replicas.cache(1).get(mended)).toBe(platform.token(2));
  });

  it('is forgotten when told to, by the other replicas within seconds', async () => {
    platform.failure = refused;
    await Promise.all(
      replicas.all.map((replica) => outcomeOf(replica.cache.get(platform.source()))),
    );
    platform.failure = undefined;
    await replicas.cache(1).forgetRefusal(platform.source());
    await sleep(1100);
    expect(await replicas.cache(2).get(platform.source())).toBe(platform.token(2));
  });

  it('of a renewal does not take the valid token away', async () => {
    const source = platform.source();
    await replicas.cache(1).get(source);
    platform.failure = refused;
    replicas.clock.move(110 * minute);
    await replicas.cache(1).get(source);
    await until(() => replicas.log.join().includes('could not be renewed yet'));
    expect(await replicas.cache(1).get(source)).toBe(platform.token(1));
    expect(await replicas.cache(2).get(source)).toBe(platform.token(1));
  });
});
