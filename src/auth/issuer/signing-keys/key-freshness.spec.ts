import { describe, expect, it, jest } from '@jest/globals';

import { KeyFreshness } from './key-freshness.js';

describe('the age of what was read', () => {
  it('is without end until something was', () => {
    expect(new KeyFreshness().ageSeconds()).toBe(Infinity);
  });

  it('counts from when the reading began, and an older answer that comes late is not taken', () => {
    const freshness = new KeyFreshness();
    jest.spyOn(freshness, 'nowMs').mockReturnValue(100_000);
    expect(freshness.take(70_000)).toBe(true);
    expect(freshness.ageSeconds()).toBe(30);
    expect(freshness.take(60_000)).toBe(false);
    expect(freshness.ageSeconds()).toBe(30);
    expect(freshness.take(90_000)).toBe(true);
    expect(freshness.ageSeconds()).toBe(10);
  });
});
