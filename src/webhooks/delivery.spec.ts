import { describe, expect, it } from '@jest/globals';

import { nextAttemptAfter, readRetryAfter } from './delivery.js';

const now = new Date('2026-01-01T00:00:00Z');

function pauseAfter(attempts: number, wishSeconds?: number, random = 0): number | undefined {
  const next = nextAttemptAfter(attempts, now, wishSeconds, () => random);
  return next && (next.getTime() - now.getTime()) / 1000;
}

describe('the next attempt', () => {
  it('comes later each time, and not after the ninth', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((attempts) => pauseAfter(attempts))).toEqual([
      5,
      30,
      120,
      600,
      3600,
      10_800,
      43_200,
      86_400,
      undefined,
      undefined,
    ]);
  });

  it('is up to a fifth later at random', () => {
    expect([pauseAfter(3, 0, 0), pauseAfter(3, 0, 0.5), pauseAfter(3, 0, 1)]).toEqual([
      120, 132, 144,
    ]);
  });

  it('comes no earlier than the receiver asks, within a day, and never sooner for it', () => {
    expect([pauseAfter(1, 90), pauseAfter(4, 90), pauseAfter(1, 1_000_000)]).toEqual([
      90, 600, 86_400,
    ]);
    expect(pauseAfter(9, 90)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120],
    ['0', undefined],
    ['-5', undefined],
    ['Wed, 31 Dec 2025 23:00:00 GMT', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, seconds) => {
    expect(readRetryAfter(header, now)).toBe(seconds);
  });
});
