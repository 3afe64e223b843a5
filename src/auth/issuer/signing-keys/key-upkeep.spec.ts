import { describe, expect, it } from '@jest/globals';

import { type KeyWishes, upkeepOf } from './key-upkeep.js';
import type { SigningAlg, SigningKey } from './signing-key.js';

const noon = new Date('2026-06-01T12:00:00Z');
const days = (count: number): Date => new Date(noon.getTime() + count * 86_400_000);

function key(kid: string, signsFrom: Date, alg: SigningAlg = 'RS256', keepSeconds = 600) {
  return { kid, alg, publicJwk: {}, privateJwk: {}, createdAt: signsFrom, signsFrom, keepSeconds };
}

const wishes: KeyWishes = {
  alg: 'RS256',
  wantedAlgs: ['RS256'],
  keepSeconds: 600,
  rotationDays: 90,
};
const due = (keys: readonly SigningKey[], own: Partial<KeyWishes> = {}) =>
  upkeepOf(keys, noon, { ...wishes, ...own });
const nothing = { next: undefined, keepLonger: [], retired: [] };

describe('what is due about the keys', () => {
  it('is the first one', () => {
    expect(due([])).toEqual({ ...nothing, next: { alg: 'RS256', occasion: 'first' } });
  });

  it('is the next one on the day, and not before', () => {
    expect(due([key('a', days(-89.99))])).toEqual(nothing);
    expect(due([key('a', days(-90))])).toEqual({
      ...nothing,
      next: { alg: 'RS256', occasion: 'schedule' },
    });
  });

  it('is nothing while the next one waits, however old the one is that signs', () => {
    expect(due([key('a', days(-200)), key('b', days(0.001))])).toEqual(nothing);
  });

  it('is never the next one where that is not to come by itself', () => {
    expect(due([key('a', days(-2000))], { rotationDays: 0 })).toEqual(nothing);
  });

  it('is an end for what was kept long enough for those who ask for most', () => {
    const old = (keepSeconds: number) => [
      key('a', days(-40), 'RS256', keepSeconds),
      key('b', days(-20)),
    ];
    expect(due(old(600)).retired).toEqual(['a']);
    expect(due(old(30 * 86_400))).toEqual(nothing);
    expect(due(old(600), { keepSeconds: 30 * 86_400 })).toEqual({
      ...nothing,
      keepLonger: ['b', 'a'],
    });
  });
});

describe('a changed algorithm', () => {
  const rs = key('rs', days(-10), 'RS256', 30 * 86_400);
  const es = key('es', days(-1), 'ES256');

  it('makes the next key', () => {
    expect(due([rs], { alg: 'ES256', wantedAlgs: ['RS256', 'ES256'] }).next).toEqual({
      alg: 'ES256',
      occasion: 'algorithm',
    });
  });

  it('is not taken back by a replica that is yet to be restarted', () => {
    expect(due([rs, es], { alg: 'RS256', wantedAlgs: ['RS256', 'ES256'] })).toEqual(nothing);
  });

  it('stays also when that replica is the one that finds the key too old', () => {
    const old = [
      key('rs', days(-200), 'RS256', 200 * 86_400),
      key('es', days(-100), 'ES256', 200 * 86_400),
    ];
    expect(due(old, { alg: 'RS256', wantedAlgs: ['RS256', 'ES256'] })).toEqual({
      ...nothing,
      next: { alg: 'ES256', occasion: 'schedule' },
    });
  });

  it('is taken back once nobody asks for it any more', () => {
    expect(due([rs, es], { alg: 'RS256', wantedAlgs: ['RS256'] }).next).toEqual({
      alg: 'RS256',
      occasion: 'algorithm',
    });
  });
});
