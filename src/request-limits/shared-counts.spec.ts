import { afterEach, describe, expect, it } from '@jest/globals';

import { eventually } from '../../test/fixtures/eventually.js';
import { MovableClock } from '../../test/fixtures/movable-clock.js';
import type { CountExchange } from './count-exchange.js';
import type { Moved, SharedCount } from './counted-windows.js';
import { SharedCounts } from './shared-counts.js';

const minute = 60_000;
const open: SharedCounts[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((counts) => counts.stop()));
});

/** What all replicas exchange through, in memory. */
class MemoryExchange implements CountExchange {
  readonly batches: Moved[][] = [];
  /** When each of them came, in milliseconds. */
  readonly times: number[] = [];
  isAway = false;
  readonly #counts = new Map<string, SharedCount>();

  add(moved: readonly Moved[], now: Date): Promise<SharedCount[]> {
    if (this.isAway) return Promise.reject(new Error('away'));
    this.batches.push([...moved]);
    this.times.push(performance.now());
    return Promise.resolve(
      moved.map(({ key, added, endsAtMs }) => {
        const kept = this.#counts.get(key);
        const runs = kept !== undefined && kept.endsAtMs > now.getTime();
        const count = runs ? { ...kept, total: kept.total + added } : { total: added, endsAtMs };
        this.#counts.set(key, count);
        return count;
      }),
    );
  }
}

function start(exchange: CountExchange, everyMs = 250) {
  const clock = new MovableClock('2026-01-01T00:00:00Z');
  const troubles: unknown[] = [];
  const usedUp: string[] = [];
  const counts = new SharedCounts({
    exchange,
    clock,
    hash: (key) => `hash of ${key}`,
    onTrouble: (error) => troubles.push(error),
    onUsedUp: (key) => usedUp.push(key),
    everyMs,
  });
  open.push(counts);
  return {
    counts,
    clock,
    troubles,
    usedUp,
    ask: (limit: number) => counts.count('a', limit, minute),
  };
}

describe('shared counts', () => {
  it('exchange what came together at once, by hash, and not again before its time', async () => {
    const exchange = new MemoryExchange();
    const { ask } = start(exchange, 300);
    for (let index = 0; index < 50; index++) ask(1000);
    await eventually(() => expect(exchange.batches).toHaveLength(1));
    ask(1000);
    await eventually(() => expect(exchange.batches).toHaveLength(2));
    const [first = 0, second = 0] = exchange.times;
    expect(second - first).toBeGreaterThan(200);
    expect(exchange.batches.flat().map(({ key, added }) => [key, added])).toEqual([
      ['hash of a', 50],
      ['hash of a', 1],
    ]);
  });

  it('overshoot by what fits into one exchange at most, and then agree', async () => {
    const exchange = new MemoryExchange();
    const replicas = [start(exchange), start(exchange), start(exchange)];
    const pass = (): number => replicas.filter(({ ask }) => !ask(100).isOver).length;
    let passed = 0;
    // Six hundred requests in the first moment, before any replica has heard of another.
    for (let round = 0; round < 200; round++) passed += pass();
    expect(passed).toBe(300);
    await eventually(() => expect(exchange.batches).toHaveLength(3));
    for (let round = 0; round < 200; round++) expect(pass()).toBe(0);
  });

  it('agree on a limit that requests reach little by little', async () => {
    const exchange = new MemoryExchange();
    const replicas = [start(exchange, 1), start(exchange, 1)];
    let passed = 0;
    for (let round = 0; round < 40; round++) {
      for (const { ask } of replicas) if (!ask(20).isOver) passed += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(passed).toBeGreaterThanOrEqual(20);
    expect(passed).toBeLessThanOrEqual(22);
  });

  it('go on alone while the exchange fails, say so once each time, and tell everything later', async () => {
    const exchange = new MemoryExchange();
    exchange.isAway = true;
    const { counts, ask, troubles, usedUp } = start(exchange, 20);
    for (let index = 0; index < 5; index++) expect(ask(5).isOver).toBe(false);
    await eventually(() => expect(troubles).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([ask(5).isOver, ask(5).isOver]).toEqual([true, true]);
    expect(usedUp).toEqual(['a']);
    expect(troubles).toHaveLength(1);
    exchange.isAway = false;
    await eventually(() => expect(exchange.batches.flat().map(({ added }) => added)).toEqual([5]));
    exchange.isAway = true;
    counts.count('b', 5, minute);
    await eventually(() => expect(troubles).toHaveLength(2));
  });

  it('let through again after the window', async () => {
    const exchange = new MemoryExchange();
    const { ask, clock } = start(exchange, 1);
    expect([ask(1).isOver, ask(1).isOver]).toEqual([false, true]);
    await eventually(() => expect(exchange.batches).toHaveLength(1));
    clock.move(59_999);
    expect(ask(1).isOver).toBe(true);
    clock.move(1);
    expect(ask(1).isOver).toBe(false);
  });

  it('tell at the end what nobody knows yet', async () => {
    const exchange = new MemoryExchange();
    const { counts, ask } = start(exchange, 60_000);
    ask(10);
    await eventually(() => expect(exchange.batches).toHaveLength(1));
    ask(10);
    ask(10);
    await counts.stop();
    expect(exchange.batches[1]).toEqual([expect.objectContaining({ added: 2 })]);
  });

  it('does not hold up the end for a store that does not answer', async () => {
    const { counts, ask } = start({ add: () => new Promise(() => undefined) });
    ask(10);
    const beganAt = performance.now();
    await counts.stop();
    expect(performance.now() - beganAt).toBeLessThan(4000);
  });
});
