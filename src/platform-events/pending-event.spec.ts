import { describe, expect, it } from '@jest/globals';

import { nextAttemptAfter } from './pending-event.js';

const receivedAt = new Date('2026-01-01T00:00:00Z');

function pauseSeconds(attempts: number, at: string, random = 0): number | undefined {
  const now = new Date(at);
  const next = nextAttemptAfter({ attempts, receivedAt }, now, () => random);
  return next && (next.getTime() - now.getTime()) / 1000;
}

describe('an event that could not be handled', () => {
  it('waits longer after each failure, up to five minutes', () => {
    const pauses = [1, 2, 3, 4, 8, 9, 10, 11, 300].map((attempts) =>
      pauseSeconds(attempts, '2026-01-01T01:00:00Z'),
    );
    expect(pauses).toEqual([1, 2, 4, 8, 128, 256, 300, 300, 300]);
    expect(pauseSeconds(1, '2026-01-01T01:00:00Z', 1)).toBe(1.2);
  });

  it('is given up a day after its arrival', () => {
    expect(pauseSeconds(200, '2026-01-01T23:59:59Z')).toBe(300);
    expect(pauseSeconds(200, '2026-01-02T00:00:00Z')).toBeUndefined();
  });
});
