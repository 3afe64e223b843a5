import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';

import { SigningKeys } from '../../src/auth/issuer/signing-keys/signing-keys.js';
import { adminApi, type Api, machineToken } from '../fixtures/api.js';
import { eventually } from '../fixtures/eventually.js';
import {
  admin,
  MovableClock,
  openTestBed,
  type Replica,
  type TestBed,
} from '../fixtures/service.js';

const day = 86_400;

const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? '';
const keysOf = ({ service }: Replica): SigningKeys => service.app.get(SigningKeys);
const tokenFrom = (bed: TestBed, { url }: Replica): Promise<string> =>
  machineToken({ ...bed, issuer: url }, admin);

async function keySet({ url }: Replica): Promise<JSONWebKeySet> {
  return (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
}

async function verifies(set: JSONWebKeySet, token: string): Promise<boolean> {
  return jwtVerify(token, createLocalJWKSet(set)).then(
    () => true,
    () => false,
  );
}

describe('a key that grows old', () => {
  let bed: TestBed;
  let api: Api;

  beforeAll(async () => {
    bed = await openTestBed({ env: { SIGNING_KEY_ROTATION_DAYS: '30' } });
    await bed.addReplica();
    api = await adminApi(bed);
  });
  afterEach(() => bed.clock.reset());
  afterAll(() => bed.stop());

  it('is followed by one key for the whole deployment, with an audit line of nobody’s', async () => {
    const everywhere = () =>
      Promise.all(
        Array.from({ length: 50 }, (_, index) => keysOf(bed.replicas[index % 2]!).refresh()),
      );
    const [first] = keysOf(bed.replicas[0]!).list();
    bed.clock.advance(30 * day - 60);
    await everywhere();
    expect(keysOf(bed.replicas[0]!).list()).toEqual([first]);
    bed.clock.advance(61);
    await everywhere();
    for (const replica of bed.replicas)
      expect(keysOf(replica).list()).toMatchObject([
        { kid: first?.kid, state: 'signing' },
        { state: 'next' },
      ]);
    const [, second] = keysOf(bed.replicas[0]!).list();
    expect(second!.signsFrom.getTime() - second!.createdAt.getTime()).toBe(360_000);
    bed.clock.reset();
    await eventually(async () => {
      const { body } = await api('GET', '/audit-events?action=signing_key.rotate');
      expect(body).toMatchObject({
        items: [
          { actor: 'system', outcome: 'ok', reason: 'schedule', details: { kid: second?.kid } },
        ],
      });
      expect((body as { items: object[] }).items).toHaveLength(1);
    });
  });

  it('is kept until the last of what it signed is over, then deleted with its private part', async () => {
    const [first, second] = keysOf(bed.replicas[0]!).list();
    bed.clock.advance(30 * day + 361 + 8 * 3600 + 290);
    await Promise.all(bed.replicas.map((replica) => keysOf(replica).refresh()));
    expect(
      keysOf(bed.replicas[0]!)
        .list()
        .map(({ kid }) => kid),
    ).toEqual([first?.kid, second?.kid]);
    bed.clock.advance(11);
    await Promise.all(bed.replicas.map((replica) => keysOf(replica).refresh()));
    for (const replica of bed.replicas)
      expect((await keySet(replica)).keys.map(({ kid }) => kid)).toEqual([second?.kid]);
    const rows = await bed.query<{ kid: string }>('select kid from signing_keys');
    expect(rows.map(({ kid }) => kid)).toEqual([second?.kid]);
  });
});

describe('replicas whose sessions live differently long', () => {
  it('keep a key for those that need it longest, whoever looks', async () => {
    const bed = await openTestBed({ env: { SESSION_TTL_SECONDS: '600' } });
    try {
      const [short] = bed.replicas;
      const long = await bed.addReplica({ env: { SESSION_TTL_SECONDS: String(20 * day) } });
      const [first] = keysOf(long).list();
      const next = await keysOf(short!).rotate();
      await keysOf(long).refresh();
      bed.clock.advance(10 * day);
      await keysOf(short!).refresh();
      expect(
        keysOf(short!)
          .list()
          .map(({ kid }) => kid),
      ).toEqual([first?.kid, next]);
      bed.clock.advance(10 * day + 361 + 300);
      await keysOf(short!).refresh();
      expect(
        keysOf(short!)
          .list()
          .map(({ kid }) => kid),
      ).toEqual([next]);
    } finally {
      await bed.stop();
    }
  });
});

describe('replicas whose clocks differ by some seconds', () => {
  it('never sign with a key that a verifier need not have', async () => {
    const bed = await openTestBed();
    try {
      const [fastClock, slowClock] = [new MovableClock(), new MovableClock()];
      fastClock.advance(9);
      slowClock.advance(-9);
      const fast = await bed.addReplica({ clock: fastClock });
      const slow = await bed.addReplica({ clock: slowClock });
      const next = await keysOf(slow).rotate();
      // Asked of the replica that has not heard of it yet, just before it does, and kept for as long as it says.
      const answer = await fetch(`${fast.url}/.well-known/jwks.json`);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
      const kept = (await answer.json()) as JSONWebKeySet;
      expect(kept.keys.map(({ kid }) => kid)).not.toContain(next);
      await Promise.all([fast, slow].map((replica) => keysOf(replica).refresh()));
      for (const clock of [fastClock, slowClock]) clock.advance(320);
      for (const replica of [fast, slow])
        expect(await verifies(kept, await tokenFrom(bed, replica))).toBe(true);
      // Between the two instants at which they think that its turn has come.
      for (const clock of [fastClock, slowClock]) clock.advance(31);
      const sets = await Promise.all([fast, slow].map(keySet));
      const tokens = await Promise.all([fast, slow].map((replica) => tokenFrom(bed, replica)));
      for (const set of sets)
        for (const token of tokens) expect(await verifies(set, token)).toBe(true);
      for (const clock of [fastClock, slowClock]) clock.advance(20);
      for (const replica of [fast, slow]) expect(kidOf(await tokenFrom(bed, replica))).toBe(next);
    } finally {
      await bed.stop();
    }
  });
});

describe('many who rotate at once', () => {
  it('make one key, also while a replica starts', async () => {
    const bed = await openTestBed();
    try {
      const second = await bed.addReplica();
      const [kids] = await Promise.all([
        Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            keysOf(index % 2 === 0 ? second : bed.replicas[0]!).rotate(),
          ),
        ),
        bed.addReplica(),
      ]);
      expect(new Set(kids).size).toBe(1);
      for (const replica of bed.replicas) {
        await keysOf(replica).refresh();
        expect(keysOf(replica).list()).toMatchObject([
          { state: 'signing' },
          { kid: kids[0], state: 'next' },
        ]);
      }
    } finally {
      await bed.stop();
    }
  });
});

describe('the very switch', () => {
  it('fails no request, and leaves not one token unverifiable', async () => {
    const bed = await openTestBed();
    try {
      await bed.addReplica();
      const issued: { token: string; set: JSONWebKeySet }[] = [];
      let isOver = false;
      const load = Array.from({ length: 8 }, async (_, index) => {
        while (!isOver) {
          // What a verifier holds is older than the token, and was asked of the other replica.
          const askedAt = bed.clock.now().getTime();
          const set = await keySet(bed.replicas[(index + 1) % 2]!);
          const token = await tokenFrom(bed, bed.replicas[index % 2]!);
          const mayHold = bed.clock.now().getTime() - askedAt <= 300_000;
          issued.push({ token, set: mayHold ? set : await keySet(bed.replicas[index % 2]!) });
        }
      });
      const kids = [kidOf(await tokenFrom(bed, bed.replicas[0]!))];
      for (let round = 0; round < 3; round += 1) {
        kids.push(await keysOf(bed.replicas[round % 2]!).rotate());
        await Promise.all(bed.replicas.map((replica) => keysOf(replica).refresh()));
        bed.clock.advance(359.5);
        await eventually(() => expect(kidOf(issued.at(-1)?.token ?? '')).toBe(kids[round + 1]));
      }
      isOver = true;
      await Promise.all(load);
      expect(issued.length).toBeGreaterThan(60);
      expect([...new Set(issued.map(({ token }) => kidOf(token)))].sort()).toEqual(kids.sort());
      bed.clock.reset();
      const now = await keySet(bed.replicas[0]!);
      for (const { token, set } of issued) {
        expect(await verifies(set, token)).toBe(true);
        expect(await verifies(now, token)).toBe(true);
      }
    } finally {
      await bed.stop();
    }
  }, 30_000);
});
