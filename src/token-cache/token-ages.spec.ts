import { expect, it } from '@jest/globals';

import type { TokenSource } from '../auth/providers/platform-tokens.js';
import { Secret } from '../common/secret.js';
import { TokenAges } from './token-ages.js';
import { keyOf } from './token-entry.js';
import type { HeldToken } from './token-tiers.js';

const begin = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): number => begin + seconds * 1000;

function source(kind: string, tenant?: string): TokenSource {
  return {
    kind,
    credential: 'suite-1',
    ...(tenant !== undefined && { tenant }),
    secret: new Secret('hunter2'),
    fetch: () => Promise.reject(new Error('not here')),
  };
}

const held = (fetchedAt: number, expiresAt: number): HeldToken => ({
  value: 'token-4711',
  turn: 1,
  fetchedAtMs: at(fetchedAt),
  expiresAtMs: at(expiresAt),
  usableUntilMs: at(expiresAt - 60),
  renewAtMs: at(expiresAt),
  usedAtMs: at(fetchedAt),
});

const all = (): boolean => true;
const none = (): boolean => false;

it('are the worst of each connection and kind, however many corps it has', () => {
  const ages = new TokenAges();
  for (let corp = 0; corp < 1000; corp += 1) {
    const token = source('wecom-corp-token', `corp-${corp}`);
    ages.asked('sp', token);
    ages.held(token, keyOf(token), held(corp, 7200 + corp));
  }
  const suite = source('wecom-suite-token');
  ages.asked('sp', suite);
  ages.held(suite, keyOf(suite), held(900, 8100));
  expect(ages.read(at(1000), all)).toEqual([
    {
      connection: 'sp',
      kind: 'wecom-corp-token',
      oldestSeconds: 1000,
      soonestEndSeconds: 6200,
    },
    { connection: 'sp', kind: 'wecom-suite-token', oldestSeconds: 100, soonestEndSeconds: 7100 },
  ]);
  expect(JSON.stringify(ages)).not.toContain('4711');
});

it('count for each connection that asks, and for what a token needs first', () => {
  const ages = new TokenAges();
  const suite = source('wecom-suite-token');
  const corp = { ...source('wecom-corp-token', 'corp-1'), dependsOn: suite };
  ages.asked('one', corp);
  ages.asked('two', suite);
  for (const token of [suite, corp]) ages.held(token, keyOf(token), held(0, 7200));
  expect(ages.read(at(1), all).map(({ connection, kind }) => `${connection} ${kind}`)).toEqual([
    'one wecom-suite-token',
    'two wecom-suite-token',
    'one wecom-corp-token',
  ]);
});

it('forget a token that memory let go of, unless it has ended and is asked for in vain', () => {
  const ages = new TokenAges();
  const token = source('wecom-suite-token');
  ages.asked('sp', token);
  ages.held(token, keyOf(token), held(0, 7200));
  ages.missed(keyOf(token), at(7300));
  expect(ages.read(at(7500), none)).toEqual([
    { connection: 'sp', kind: 'wecom-suite-token', oldestSeconds: 7500, soonestEndSeconds: -300 },
  ]);
  // Nobody has asked for half an hour.
  expect(ages.read(at(7300 + 1800), none)).toEqual([]);

  ages.asked('sp', token);
  ages.held(token, keyOf(token), held(10_000, 17_200));
  expect(ages.read(at(10_001), none)).toEqual([]);
});

it('show a clock that was set back as no age', () => {
  const ages = new TokenAges();
  const token = source('wecom-suite-token');
  ages.asked('sp', token);
  ages.held(token, keyOf(token), held(100, 7300));
  expect(ages.read(at(0), all)[0]?.oldestSeconds).toBe(0);
});
