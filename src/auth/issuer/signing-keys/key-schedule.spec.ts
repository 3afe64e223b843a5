import { describe, expect, it } from '@jest/globals';

import { scheduleKeys } from './key-schedule.js';
import type { SigningKey } from './signing-key.js';

const noon = new Date('2026-01-01T12:00:00Z');
const minutes = (count: number): Date => new Date(noon.getTime() + count * 60_000);

function key(kid: string, signsFrom: Date): SigningKey {
  return { kid, alg: 'RS256', publicJwk: {}, privateJwk: {}, createdAt: signsFrom, signsFrom };
}

function at(
  now: Date,
  ...keys: SigningKey[]
): { signing: string; published: string[]; changesAt: Date | undefined } {
  const set = scheduleKeys(keys, now, 600);
  return {
    signing: set.signing.kid,
    published: set.published.map(({ kid }) => kid),
    changesAt: set.changesAt,
  };
}

describe('the key schedule', () => {
  const old = key('old', minutes(-1000));
  const next = key('next', minutes(5));

  it('publishes the next key before it signs', () => {
    expect(at(noon, old, next)).toEqual({
      signing: 'old',
      published: ['old', 'next'],
      changesAt: minutes(5),
    });
  });

  it('lets it sign at its instant, and keeps the old one for what it signed', () => {
    expect(at(minutes(5), old, next)).toEqual({
      signing: 'next',
      published: ['next', 'old'],
      changesAt: minutes(15),
    });
  });

  it('retires the old one when the last it signed has expired', () => {
    expect(at(minutes(15), old, next)).toEqual({
      signing: 'next',
      published: ['next'],
      changesAt: undefined,
    });
  });

  it('signs with the only key there is, even before its time', () => {
    expect(at(noon, next).signing).toBe('next');
  });

  it('keeps the old one longer where a replica has asked for that, and never shorter than is asked here', () => {
    const asked = (keepSeconds: number) => ({ ...old, keepSeconds });
    expect(at(minutes(15), asked(1200), next).changesAt).toEqual(minutes(25));
    expect(at(minutes(25), asked(1200), next).published).toEqual(['next']);
    expect(at(minutes(10), asked(60), next).published).toEqual(['next', 'old']);
  });
});
