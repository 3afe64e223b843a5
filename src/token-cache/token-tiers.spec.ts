import { beforeEach, describe, expect, it } from '@jest/globals';
import type { KeyvStoreAdapter } from 'keyv';

import type { TokenEntry } from './token-entry.js';
import { TokenStore } from './token-store.js';
import { TokenTiers } from './token-tiers.js';

const minute = 60_000;
const start = Date.parse('2026-01-01T00:00:00Z');

/** Only memory is looked at here. */
class NoStore extends TokenStore {
  override readonly adapter = new Map() as unknown as KeyvStoreAdapter;
  override readonly record = this.adapter;

  override exclusively(): Promise<never> {
    return Promise.reject(new Error('nothing is fetched here'));
  }
}

function entry(turn: number, fetchedAtMs = start): TokenEntry {
  return { value: `token-${turn}`, turn, fetchedAtMs, expiresAtMs: fetchedAtMs + 120 * minute };
}

let tiers: TokenTiers;

beforeEach(() => {
  tiers = new TokenTiers(new NoStore());
});

describe('TokenTiers', () => {
  it('works out when a token is renewed, and until when it is handed out', async () => {
    const held = await tiers.hold('key', entry(1), start);
    expect(held.usableUntilMs).toBe(start + 119 * minute);
    expect(held.renewAtMs).toBeGreaterThanOrEqual(start + 96 * minute);
    expect(held.renewAtMs).toBeLessThanOrEqual(start + 108 * minute);
    expect(tiers.peek('key')).toBe(held);
  });

  it('keeps a margin of a tenth for a token that lives a minute', async () => {
    const brief = { ...entry(1), expiresAtMs: start + minute };
    expect((await tiers.hold('key', brief, start)).usableUntilMs).toBe(start + 54_000);
  });

  it('does not count a renewal as use', async () => {
    await tiers.hold('key', entry(1), start);
    const renewed = await tiers.hold('key', entry(2, start + 100 * minute), start + 100 * minute);
    expect(renewed.value).toBe('token-2');
    expect(renewed.usedAtMs).toBe(start);
  });

  it('never goes back to an older token while the newer one is usable', async () => {
    const newer = await tiers.hold('key', entry(2), start);
    expect(await tiers.hold('key', entry(1), start)).toBe(newer);
    expect(await tiers.hold('key', entry(1), start + 119 * minute)).not.toBe(newer);
  });

  it('lets go of exactly the token that is meant', async () => {
    await tiers.hold('key', entry(2), start);
    expect(tiers.letGo('key', entry(1))).toBe(false);
    expect(tiers.peek('key')?.value).toBe('token-2');
    expect(tiers.letGo('key', entry(2))).toBe(true);
    expect(tiers.peek('key')).toBeUndefined();
    expect(tiers.letGo('key', entry(2))).toBe(false);
  });
});
