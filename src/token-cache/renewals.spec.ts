import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { MovableClock } from '../../test/fixtures/movable-clock.js';
import { Renewals } from './renewals.js';
import type { HeldToken } from './token-tiers.js';

const minute = 60_000;
let clock: MovableClock;
let renewals: Renewals;
let woken: string[];

/** A token of two hours that is due after 100 minutes. */
function held(): HeldToken {
  const nowMs = clock.now().getTime();
  return {
    value: 'token-1',
    turn: 1,
    fetchedAtMs: nowMs,
    expiresAtMs: nowMs + 120 * minute,
    usableUntilMs: nowMs + 119 * minute,
    renewAtMs: nowMs + 100 * minute,
    usedAtMs: nowMs,
  };
}

function schedule(token: HeldToken): void {
  renewals.schedule(
    'key',
    token,
    () => woken.push('due'),
    () => woken.push('idle'),
  );
}

function pass(minutes: number): void {
  clock.move(minutes * minute);
  jest.advanceTimersByTime(minutes * minute);
}

beforeEach(() => {
  jest.useFakeTimers();
  woken = [];
  clock = new MovableClock('2026-01-01T00:00:00Z');
  renewals = new Renewals(clock);
});

afterEach(() => {
  jest.useRealTimers();
});

describe('Renewals', () => {
  it('wakes up when a token in use is due', () => {
    const token = held();
    schedule(token);
    pass(90);
    token.usedAtMs = clock.now().getTime();
    pass(9);
    expect(woken).toEqual([]);
    pass(1);
    expect(woken).toEqual(['due']);
  });

  it('lets go of a token that nobody asked for in half an hour', () => {
    const token = held();
    schedule(token);
    pass(69);
    token.usedAtMs = clock.now().getTime();
    pass(31);
    expect(woken).toEqual(['idle']);
  });

  it('lets go of a token whose life is over', () => {
    const token = held();
    token.renewAtMs = token.usableUntilMs;
    schedule(token);
    pass(118);
    token.usedAtMs = clock.now().getTime();
    pass(1);
    expect(woken).toEqual(['idle']);
  });

  it('wakes up once for a token that was scheduled again, and not at all once stopped', () => {
    const token = held();
    token.usedAtMs += 90 * minute;
    schedule(token);
    schedule(token);
    pass(100);
    expect(woken).toEqual(['due']);
    schedule(token);
    renewals.stop();
    schedule(token);
    pass(1);
    expect(woken).toEqual(['due']);
  });
});
