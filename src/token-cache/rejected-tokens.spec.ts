import { setTimeout as sleep } from 'node:timers/promises';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { type FakePlatform, outcomeOf, ThreeReplicas } from '../../test/fixtures/token-replicas.js';
import { AppError } from '../common/app-error.js';

const replicas = new ThreeReplicas();
let platform: FakePlatform;

beforeEach(() => {
  platform = replicas.platform;
});

describe('a token that the platform rejects', () => {
  it('is fetched anew once for 300 callers on three replicas', async () => {
    const source = platform.source();
    await replicas.many(3, (cache) => cache.get(source));
    platform.revoked.add(platform.token(1));
    const results = await Promise.all(
      Array.from({ length: 300 }, (_, i) => replicas.cache(i + 1).use(source, platform.call)),
    );
    expect(new Set(results)).toEqual(new Set([`done with ${platform.token(2)}`]));
    expect(platform.fetches).toBe(2);
    expect(platform.calls).toBe(600);
  });

  it('is replaced by what another replica has fetched already', async () => {
    const source = platform.source();
    await replicas.cache(1).get(source);
    await replicas.cache(2).get(source);
    platform.revoked.add(platform.token(1));
    await replicas.cache(1).use(source, platform.call);
    expect(await replicas.cache(2).use(source, platform.call)).toBe(
      `done with ${platform.token(2)}`,
    );
    expect(platform.fetches).toBe(2);
  });

  it('does not take a newer one with it', async () => {
    const source = platform.source();
    let rejections = 0;
    const answers = await Promise.all([
      replicas.cache(1).use(source, platform.call),
      // Its answer comes after the token has long been replaced.
      replicas.cache(1).use(source, async (token) => {
        if (token === platform.token(1)) {
          platform.revoked.add(token);
          await replicas.cache(1).use(source, platform.call);
          await sleep(50);
          rejections += 1;
        }
        return platform.call(token);
      }),
    ]);
    expect(rejections).toBe(1);
    expect(answers[1]).toBe(`done with ${platform.token(2)}`);
    expect(platform.fetches).toBe(2);
  });

  it('ends with the platform\u2019s own refusal when it is rejected again', async () => {
    const source = platform.source();
    platform.revoked.add(platform.token(1)).add(platform.token(2));
    const error: unknown = await replicas
      .cache(1)
      .use(source, platform.call)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ message: 'invalid token twice' });
    expect([platform.fetches, platform.calls]).toEqual([2, 2]);
  });

  it('is not fetched anew at every call where the platform rejects all that it gives', async () => {
    const source = platform.source();
    const all = new Set(Array.from({ length: 100 }, (_, index) => platform.token(index + 1)));
    for (const token of all) platform.revoked.add(token);
    for (let call = 0; call < 20; call += 1)
      expect(await outcomeOf(replicas.cache(1).use(source, platform.call))).toBe(
        'platform_misconfigured',
      );
    expect(platform.fetches).toBe(2);

    replicas.clock.move(10_000);
    await outcomeOf(replicas.cache(1).use(source, platform.call));
    expect(platform.fetches).toBe(3);
    // What the platform takes again is taken at once.
    platform.revoked.clear();
    expect(await replicas.cache(1).use(source, platform.call)).toBe(
      `done with ${platform.token(3)}`,
    );
    platform.revoked.add(platform.token(3));
    replicas.clock.move(10_000);
    expect(await replicas.cache(1).use(source, platform.call)).toBe(
      `done with ${platform.token(4)}`,
    );
  });

  it('is served to nobody while there is no other', async () => {
    const source = platform.source();
    await replicas.cache(1).get(source);
    platform.revoked.add(platform.token(1));
    platform.failure = new AppError('platform_unavailable', 'down');

    expect(await outcomeOf(replicas.cache(1).use(source, platform.call))).toBe(
      'platform_unavailable',
    );
    expect(await outcomeOf(replicas.cache(1).get(source))).toBe('platform_unavailable');
    expect(await outcomeOf(replicas.cache(2).get(source))).toBe('platform_unavailable');
  });

  it('leaves other failures of a call alone', async () => {
    const source = platform.source();
    const failing = replicas
      .cache(1)
      .use(source, () => Promise.reject(new Error('no such member')));
    await expect(failing).rejects.toThrow('no such member');
    expect(await replicas.cache(1).get(source)).toBe(platform.token(1));
    expect(platform.fetches).toBe(1);
  });
});
