import { describe, expect, it } from '@jest/globals';

import { CountedWindows } from './counted-windows.js';

const minute = 60_000;

describe('counted windows', () => {
  it('let as many through as the limit says, and again when the window has ended', () => {
    const windows = new CountedWindows(100);
    const at = (nowMs: number) => windows.count('a', 3, minute, nowMs);
    expect([at(0), at(1000), at(2000)].map(({ isOver }) => isOver)).toEqual([false, false, false]);
    expect(at(59_999)).toEqual({ total: 4, endsAtMs: minute, isOver: true, isFirstOver: true });
    expect(at(59_999)).toEqual({ total: 4, endsAtMs: minute, isOver: true, isFirstOver: false });
    expect(at(60_000)).toEqual({
      total: 1,
      endsAtMs: 120_000,
      isOver: false,
      isFirstOver: false,
    });
  });

  it('begin anew when the clock was set back by hours, and do not wait for those', () => {
    const windows = new CountedWindows(100);
    const hours = 3 * 3_600_000;
    windows.count('a', 1, minute, hours);
    expect(windows.whereUsedUp('a', 1, hours)).toBeDefined();
    expect(windows.whereUsedUp('a', 1, 0)).toBeUndefined();
    expect(windows.count('a', 1, minute, 0)).toMatchObject({ endsAtMs: minute, isOver: false });
    expect(windows.count('a', 1, minute, 0).isOver).toBe(true);
    // A little is what clocks of two machines differ by.
    expect(windows.count('a', 1, minute, -30_000).isOver).toBe(true);
  });

  it('count each key for itself', () => {
    const windows = new CountedWindows(100);
    expect(windows.count('a', 1, minute, 0).isOver).toBe(false);
    expect(windows.count('a', 1, minute, 0).isOver).toBe(true);
    expect(windows.count('b', 1, minute, 0).isOver).toBe(false);
  });

  it('are looked at without counting', () => {
    const windows = new CountedWindows(100);
    windows.count('a', 2, minute, 0);
    expect(windows.whereUsedUp('a', 2, 0)).toBeUndefined();
    windows.count('a', 2, minute, 0);
    expect(windows.whereUsedUp('a', 2, 59_999)).toMatchObject({ endsAtMs: minute, isOver: true });
    expect(windows.whereUsedUp('a', 2, 60_000)).toBeUndefined();
  });

  it('add what others counted, and take on when their window ends', () => {
    const windows = new CountedWindows(100);
    windows.count('a', 10, minute, 5000);
    const taken = windows.takeMoved(10, 5000);
    expect(taken).toEqual([{ key: 'a', added: 1, endsAtMs: 65_000 }]);
    windows.count('a', 10, minute, 5001);
    windows.settle(taken, [{ total: 8, endsAtMs: 62_000 }]);
    expect(windows.count('a', 10, minute, 5002)).toMatchObject({ total: 10, endsAtMs: 62_000 });
    expect(windows.takeMoved(10, 5002)).toEqual([{ key: 'a', added: 2, endsAtMs: 62_000 }]);
    expect(windows.hasMoved).toBe(false);
  });

  it('lose nothing of what could not be told', () => {
    const windows = new CountedWindows(100);
    windows.count('a', 3, minute, 0);
    const taken = windows.takeMoved(10, 0);
    windows.count('a', 3, minute, 1);
    windows.putBack(taken);
    expect(windows.takeMoved(10, 2)).toEqual([{ key: 'a', added: 2, endsAtMs: minute }]);
  });

  it('tell nothing of a window that has ended, and take nothing on for it', () => {
    const windows = new CountedWindows(100);
    windows.count('a', 3, minute, 0);
    windows.count('b', 3, minute, 0);
    const taken = windows.takeMoved(1, 0);
    expect(taken.map(({ key }) => key)).toEqual(['a']);
    windows.count('a', 3, minute, minute);
    windows.settle(taken, [{ total: 3, endsAtMs: minute }]);
    expect(windows.count('a', 3, minute, minute)).toMatchObject({ total: 2, isOver: false });
    expect(windows.takeMoved(10, minute)).toEqual([{ key: 'a', added: 2, endsAtMs: 120_000 }]);
  });

  it('tell of nobody who asks for a two-hundredth of the limit at most', () => {
    const windows = new CountedWindows(100);
    for (let index = 0; index < 29; index++) windows.count('a', 6000, minute, 0);
    expect(windows.hasMoved).toBe(false);
    windows.count('a', 6000, minute, 0);
    expect(windows.takeMoved(10, 0)).toEqual([{ key: 'a', added: 30, endsAtMs: minute }]);
  });

  it('stay as few as they may be: those that ended go first, then those that counted least', () => {
    const windows = new CountedWindows(1000);
    for (let index = 0; index < 500; index++) windows.count(`ended-${index}`, 5, minute, 0);
    for (let index = 0; index < 3; index++) windows.count('busy', 3, minute, 30_000);
    for (let index = 0; index < 20_000; index++) {
      windows.count(`network-${index}`, 5, minute, minute);
      expect(windows.size).toBeLessThanOrEqual(1000);
    }
    expect(windows.count('busy', 3, minute, minute).isOver).toBe(true);
    expect(windows.takeMoved(50_000, minute).length).toBeLessThanOrEqual(1000);
  });
});
