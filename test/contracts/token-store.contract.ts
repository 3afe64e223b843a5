import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from '@jest/globals';
import { Keyv } from 'keyv';

import type { Clock } from '../../src/common/clock.js';
import type { TokenStore } from '../../src/token-cache/token-store.js';
import { MovableClock } from '../fixtures/movable-clock.js';

/** Every `TokenStore` passes this; each implementation's spec calls it once. @param open one replica's store */
export function tokenStoreContract(open: (clock: Clock) => TokenStore): void {
  const clock = new MovableClock('2026-01-01T00:00:00Z');
  const keyv = (store: TokenStore): Keyv =>
    new Keyv({
      store: store.adapter,
      useKeyPrefix: false,
      serialize: undefined,
      deserialize: undefined,
      throwOnErrors: true,
    });
  const newKey = (): string => `kind|credential|${Math.random()}`;
  const hour = 3_600_000;

  it('gives to one replica what another one put', async () => {
    const key = newKey();
    const entry = { value: '令牌', turn: 1, nested: { fix: 'this' } };

    expect(await keyv(open(clock)).set(key, entry, hour)).toBe(true);
    expect(await keyv(open(clock)).get(key)).toEqual(entry);
    expect(await keyv(open(clock)).get(newKey())).toBeUndefined();
  });

  it('forgets an entry once it has expired', async () => {
    const key = newKey();
    const store = keyv(open(clock));
    await store.set(key, { turn: 1 }, 2 * hour);
    clock.move(2 * hour - 1);
    expect(await store.get(key)).toEqual({ turn: 1 });
    clock.move(2);
    expect(await store.get(key)).toBeUndefined();
  });

  it('forgets an entry when told to', async () => {
    const key = newKey();
    const store = keyv(open(clock));
    await store.set(key, { turn: 1 }, hour);
    await store.delete(key);
    expect(await store.get(key)).toBeUndefined();
  });

  it('never lets an earlier turn overwrite a later one', async () => {
    const key = newKey();
    const store = keyv(open(clock));
    await store.set(key, { turn: 6, value: 'new' }, hour);

    expect(await store.set(key, { turn: 5, value: 'late' }, hour)).toBe(false);
    expect(await store.get(key)).toEqual({ turn: 6, value: 'new' });
    expect(await store.set(key, { turn: 6, value: 'same turn' }, hour)).toBe(true);
    expect(await store.set(key, { turn: 7, value: 'newer' }, hour)).toBe(true);
    expect(await store.get(key)).toEqual({ turn: 7, value: 'newer' });
  });

  it('lets one at a time do a thing, in one replica and across several', async () => {
    const key = newKey();
    const replicas = [open(clock), open(clock), open(clock)];
    let atWork = 0;
    let most = 0;
    const turns: number[] = [];
    const work = async (turn: number): Promise<void> => {
      turns.push(turn);
      atWork += 1;
      most = Math.max(most, atWork);
      await sleep(5);
      atWork -= 1;
    };
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => replicas[index % 3]!.exclusively(key, work)),
    );

    expect(most).toBe(1);
    expect(turns).toHaveLength(12);
    expect(turns).toEqual([...turns].sort((one, other) => one - other));
    expect(new Set(turns).size).toBe(12);
  });

  it('lets different things be done at once, one inside another too', async () => {
    const store = open(clock);
    const other = open(clock);
    const started: string[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const keys = Array.from({ length: 30 }, newKey);
    const all = keys.map((key, index) =>
      (index % 2 ? store : other).exclusively(key, () =>
        store.exclusively(`${key}|inner`, async () => {
          started.push(key);
          if (started.length === keys.length) release();
          await gate;
        }),
      ),
    );
    await Promise.all(all);
    expect(started.sort()).toEqual(keys.sort());
  });

  it('gives the turn on when the work fails', async () => {
    const key = newKey();
    const store = open(clock);
    const failing = store.exclusively(key, () => Promise.reject(new Error('the platform is down')));
    await expect(failing).rejects.toThrow('the platform is down');
    expect(await open(clock).exclusively(key, () => Promise.resolve('done'))).toBe('done');
  });
}
