import { beforeEach, describe, expect, it } from '@jest/globals';

import { MovableClock } from '../../test/fixtures/movable-clock.js';
import { RefreshedSnapshot } from './refreshed-snapshot.js';

const maxAgeMs = 3000;

let clock: MovableClock;
let stored: string;
let asked: number;
let loaded: number;
let failures: unknown[];
let answer: () => Promise<void>;
let snapshot: RefreshedSnapshot<string>;

beforeEach(() => {
  clock = new MovableClock('2026-01-01T00:00:00Z');
  stored = 'old';
  asked = 0;
  loaded = 0;
  failures = [];
  answer = () => Promise.resolve();
  snapshot = new RefreshedSnapshot(clock, maxAgeMs, {
    version: async () => {
      asked += 1;
      await answer();
      return stored;
    },
    load: () => {
      loaded += 1;
      return Promise.resolve(stored);
    },
    onStale: (error) => failures.push(error),
  });
});

describe('a snapshot', () => {
  it('is read without a query while it is fresh', async () => {
    await Promise.all([snapshot.get(), snapshot.get()]);
    clock.move(maxAgeMs - 1);
    await snapshot.get();
    expect([asked, loaded]).toEqual([1, 1]);
  });

  it('asks only whether something changed, and loads only then', async () => {
    await snapshot.get();
    await snapshot.refresh();
    expect([asked, loaded]).toEqual([2, 1]);
    stored = 'new';
    await snapshot.refresh();
    expect([asked, loaded]).toEqual([3, 2]);
  });

  it('sees what was written before it was asked to look, also while a look is under way', async () => {
    await snapshot.get();
    let release = (): void => undefined;
    answer = () => new Promise((resolve) => (release = resolve));
    const before = snapshot.refresh();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(2);
    const after = snapshot.refresh();
    stored = 'new';
    answer = () => Promise.resolve();
    release();
    await Promise.all([before, after]);
    expect(asked).toBe(3);
    expect(await snapshot.get()).toBe('new');
  });

  it('looks again in the background while it is read often', async () => {
    await snapshot.get();
    stored = 'new';
    clock.move(maxAgeMs);
    expect(await snapshot.get()).toBe('old');
    await snapshot.refresh();
    expect(await snapshot.get()).toBe('new');
  });

  it('is up to date at the first read after a quiet time, for every reader', async () => {
    await snapshot.get();
    stored = 'new';
    clock.move(3_600_000);
    expect(await Promise.all([snapshot.get(), snapshot.get()])).toEqual(['new', 'new']);
    expect(asked).toBe(2);
  });

  it('keeps what it knows while the database is away, and asks once in a while', async () => {
    await snapshot.get();
    answer = () => Promise.reject(new Error('away'));
    clock.move(3_600_000);
    expect(await snapshot.get()).toBe('old');
    expect(await snapshot.get()).toBe('old');
    expect([asked, failures.length]).toEqual([2, 1]);

    stored = 'new';
    answer = () => Promise.resolve();
    clock.move(maxAgeMs);
    expect(await snapshot.get()).toBe('new');
  });

  it('does not wait for a database that hangs', async () => {
    await snapshot.get();
    answer = () => new Promise(() => undefined);
    clock.move(3_600_000);
    const startedAtMs = performance.now();
    expect(await Promise.all([snapshot.get(), snapshot.get()])).toEqual(['old', 'old']);
    expect(await snapshot.get()).toBe('old');
    expect(performance.now() - startedAtMs).toBeLessThan(1900);
  });

  it('fails when there has never been anything to read', async () => {
    answer = () => Promise.reject(new Error('away'));
    await expect(snapshot.get()).rejects.toThrow('away');
  });
});
