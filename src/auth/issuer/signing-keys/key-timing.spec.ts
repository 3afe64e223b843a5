import { describe, expect, it } from '@jest/globals';

import { maxAgeOf, publishSeconds } from './key-timing.js';

describe('how long a key set may be kept', () => {
  it('leaves a new key unpublished nowhere when it begins to sign, clocks that differ by twenty seconds included', () => {
    expect(publishSeconds).toBe(360);
    // Read just before the new key was made, asked for at the last moment, kept to the end.
    for (const ageSeconds of [0, 20, 40, 41, 200, 339])
      expect(ageSeconds + maxAgeOf(ageSeconds)).toBeLessThanOrEqual(340);
  });

  it.each([
    [0, 300],
    [40, 300],
    [41, 299],
    [100.5, 239],
    [339, 1],
    [340, 0],
    [10_000, 0],
    [Infinity, 0],
  ])('is, read %s seconds ago, %s seconds', (ageSeconds, expected) => {
    expect(maxAgeOf(ageSeconds)).toBe(expected);
  });
});
