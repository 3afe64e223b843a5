import { randomBytes } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { type SealedPlace, SealedPlaces } from '../database/sealed-places.js';
import { KeyCheck } from './key-check.js';
import { Reencryption } from './reencryption.js';

const [oldKey, newKey, lostKey] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const older = new Encryption([oldKey]);
const both = new Encryption([newKey, oldKey]);
const newer = new Encryption([newKey]);

/** A place in memory; `meddle` is called before each replacement. */
class Shelf implements SealedPlace {
  readonly values = new Map<string, string>();

  constructor(
    readonly name: string,
    readonly isRenewable = false,
    private readonly meddle: (shelf: Shelf, label: string) => void = () => undefined,
  ) {}

  put(encryption: Encryption, ...labels: string[]): this {
    for (const label of labels) this.values.set(label, encryption.encrypt(`of ${label}`, label));
    return this;
  }

  countByKey(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const sealed of this.values.values())
      counts.set(keyIdOf(sealed), (counts.get(keyIdOf(sealed)) ?? 0) + 1);
    return Promise.resolve(counts);
  }

  async *sealedByOthers(keyId: string) {
    await Promise.resolve();
    for (const [label, sealed] of [...this.values]) {
      if (keyIdOf(sealed) === keyId) continue;
      const replace = (resealed: string): Promise<boolean> => {
        this.meddle(this, label);
        const isSame = this.values.get(label) === sealed;
        if (isSame) this.values.set(label, resealed);
        return Promise.resolve(isSame);
      };
      yield [{ sealed, context: label, replace }];
    }
  }
}

const keyIdOf = (sealed: string): string => sealed.split('.')[1] ?? '';

class LoggedLines {
  text = '';
  readonly logger = new Logger('info', { write: (line: string) => (this.text += line) });
}

function placesOf(...shelves: Shelf[]): SealedPlaces {
  const places = new SealedPlaces(undefined as unknown as DataSource);
  for (const shelf of shelves) places.add(shelf);
  return places;
}

const lines = new LoggedLines();
const reencryption = (...shelves: Shelf[]) =>
  new Reencryption(placesOf(...shelves), both, lines.logger);

describe('encrypting anew', () => {
  it('moves all to the first key, and finds nothing to do after that', async () => {
    const shelf = new Shelf('shelf').put(older, 'a', 'b').put(newer, 'c');
    const empty = new Shelf('empty');
    const run = () => reencryption(shelf, empty).run({ dryRun: false });
    const nothing = { place: 'empty', total: 0, current: 0, moved: 0, unreadable: 0, left: 0 };
    expect(await run()).toEqual({
      places: [{ place: 'shelf', total: 3, current: 1, moved: 2, unreadable: 0, left: 0 }, nothing],
    });
    for (const [label, sealed] of shelf.values)
      expect(newer.decrypt(sealed, label)).toBe(`of ${label}`);
    expect(await run()).toEqual({
      places: [{ place: 'shelf', total: 3, current: 3, moved: 0, unreadable: 0, left: 0 }, nothing],
    });
  });

  it('only looks where it is asked to', async () => {
    const shelf = new Shelf('shelf').put(older, 'a', 'b');
    const before = [...shelf.values];
    expect(await reencryption(shelf).run({ dryRun: true })).toEqual({
      places: [{ place: 'shelf', total: 2, current: 0, moved: 2, unreadable: 0, left: 2 }],
    });
    expect([...shelf.values]).toEqual(before);
  });

  it('counts what opens with no key, leaves it, and goes on; no value is told', async () => {
    const shelf = new Shelf('shelf').put(new Encryption([lostKey]), 'a').put(older, 'b');
    shelf.values.set('c', 'no sealed value');
    // Sealed for another place.
    shelf.values.set('d', older.encrypt('of d', 'elsewhere'));
    const before = ['a', 'c', 'd'].map((label) => shelf.values.get(label));
    const report = await reencryption(shelf).run({ dryRun: false });
    expect(report).toEqual({
      places: [{ place: 'shelf', total: 4, current: 0, moved: 1, unreadable: 3, left: 3 }],
    });
    expect(['a', 'c', 'd'].map((label) => shelf.values.get(label))).toEqual(before);
    expect(lines.text).toContain('open with no key of SECRET_KEY');
    expect(lines.text).not.toMatch(/of [abcd]|no sealed value|v1\./);
  });

  it('never overwrites what is changed meanwhile, and looks at it once more', async () => {
    let changes = 0;
    const shelf = new Shelf('shelf', false, (self, label) => {
      changes += 1;
      if (changes === 1) self.values.set(label, older.encrypt('newer words', label));
      if (changes === 2) self.values.set(label, newer.encrypt('newest words', label));
    }).put(older, 'a', 'b', 'c');
    const { places } = await reencryption(shelf).run({ dryRun: false });
    expect(places).toMatchObject([{ moved: 2, unreadable: 0 }]);
    const words = [...shelf.values].map(([label, sealed]) => newer.decrypt(sealed, label));
    expect(words).toEqual(['newer words', 'newest words', 'of c']);
  });

  it('counts at the end what a replica put there that still seals with an older key', async () => {
    const busy = new Shelf('busy', false, (self, label) => self.put(older, label)).put(older, 'a');
    const late = new Shelf('late', false, (self) => self.put(older, 'b')).put(older, 'a');
    const { places } = await reencryption(busy, late).run({ dryRun: false });
    expect(places).toMatchObject([
      { place: 'busy', moved: 0, unreadable: 0, left: 1 },
      { place: 'late', moved: 1, unreadable: 0, left: 1 },
    ]);
  });
});

describe('a start', () => {
  const check = (encryption: Encryption, ...shelves: Shelf[]) => {
    lines.text = '';
    return new KeyCheck(placesOf(...shelves), encryption, lines.logger).run();
  };

  it('is refused where something that lasts was sealed with a key that is not in the list', async () => {
    const shelves = [
      new Shelf('chests').put(older, 'a'),
      new Shelf('shelves').put(newer, 'b').put(older, 'c', 'd'),
      new Shelf('tokens', true).put(older, 'e'),
    ];
    const oldId = older.keyIds[0];
    await expect(check(newer, ...shelves)).rejects.toThrow(
      `SECRET_KEY cannot open what is stored: chests: 1 under key ${oldId}; shelves: 2 under key ${oldId}. Put that key back`,
    );
    await check(both, ...shelves);
  });

  it('is not, where it was something that is fetched again', async () => {
    await check(newer, new Shelf('tokens', true).put(older, 'a'));
    expect(lines.text).toBe('');
  });

  it('says in the log whether the other keys of the list are still needed, by their names', async () => {
    const shelf = new Shelf('chests').put(older, 'a').put(newer, 'b');
    await check(both, shelf);
    expect(lines.text).toContain(
      'some of what lasts is sealed with other keys of SECRET_KEY than the first',
    );
    expect(lines.text).toContain(`"sealedByOthers":{"chests":1}`);
    expect(lines.text).toContain(older.keyIds[0]);
    await check(both, new Shelf('chests').put(newer, 'b'));
    expect(lines.text).toContain('everything that lasts is sealed with the first key');
    await check(newer, new Shelf('chests').put(newer, 'b'));
    expect(lines.text).toBe('');
  });
});

describe('the places', () => {
  it('have names of their own', () => {
    expect(() => placesOf(new Shelf('shelf'), new Shelf('shelf'))).toThrow(
      'there are two sealed places of the name shelf',
    );
  });
});
