import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';

import { SigningKeys } from '../../src/auth/issuer/signing-keys/signing-keys.js';
import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, portal, type Replica, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let here: Replica;
let there: Replica;

beforeAll(async () => {
  // The kind of key that is made in a moment.
  bed = await openTestBed({ env: { SIGNING_ALG: 'ES256' } });
  here = bed.replicas[0]!;
  there = await bed.addReplica();
});
afterAll(() => bed.stop());

interface Listed {
  readonly kid: string;
  readonly state: string;
}

const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? '';
const keysOf = ({ service }: Replica): SigningKeys => service.app.get(SigningKeys);
const tokenFrom = ({ url }: Replica): Promise<string> =>
  machineToken({ ...bed, issuer: url }, admin);
const list = async (api: Api): Promise<Listed[]> =>
  ((await api('GET', '/signing-keys')).body as { items: Listed[] }).items;

async function statusAt({ url }: Replica, token: string): Promise<number> {
  return (await apiWith(bed, token)('GET', '/signing-keys', { base: url })).status;
}

async function isActive({ url }: Replica, token: string): Promise<boolean> {
  const answer = await fetch(`${url}/introspect`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: portal.clientId,
      client_secret: portal.clientSecret,
      token,
    }),
  });
  return ((await answer.json()) as { active: boolean }).active;
}

async function published({ url }: Replica): Promise<string[]> {
  const answer = await fetch(`${url}/.well-known/jwks.json`);
  return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

describe('a key that was stolen while it signed', () => {
  it('is over at once here, and after a refresh there; a new one signs in its place', async () => {
    const stolen = await tokenFrom(here);
    const kid = kidOf(stolen);
    expect([await statusAt(there, stolen), await isActive(there, stolen)]).toEqual([200, true]);

    const api = await adminApi(bed);
    expect((await api('DELETE', `/signing-keys/${kid}`)).status).toBe(204);
    expect([await statusAt(here, stolen), await isActive(here, stolen)]).toEqual([401, false]);
    const fresh = await tokenFrom(here);
    expect(kidOf(fresh)).not.toBe(kid);
    expect(await published(here)).toEqual([kidOf(fresh)]);

    // A token of a key of which it has not heard makes the other replica look, long before its next refresh.
    expect(await statusAt(there, fresh)).toBe(200);
    expect([await statusAt(there, stolen), await isActive(there, stolen)]).toEqual([401, false]);
    expect(await published(there)).toEqual([kidOf(fresh)]);
    expect(kidOf(await tokenFrom(there))).toBe(kidOf(fresh));

    expect(await bed.query('select kid from signing_keys')).toEqual([{ kid: kidOf(fresh) }]);
    const after = await adminApi(bed);
    expect((await after('GET', '/audit-events?action=signing_key.revoke')).body).toMatchObject({
      items: [
        {
          actor: 'client:admin',
          details: { kid, state: 'signing', successor: kidOf(fresh) },
        },
      ],
    });
  });

  it('leaves its place to the one that waits, where one does, not to the one before it', async () => {
    const api = await adminApi(bed);
    const { kid: stolen } = (await api('POST', '/signing-keys/rotate')).body as Listed;
    await bed.query(`update signing_keys set signs_from = signs_from - interval '6 minutes'`);
    await keysOf(here).refresh();
    const { kid: next } = (await api('POST', '/signing-keys/rotate')).body as Listed;
    expect(await list(api)).toMatchObject([
      { state: 'retiring' },
      { kid: stolen, state: 'signing' },
      { kid: next, state: 'next' },
    ]);
    expect((await api('DELETE', `/signing-keys/${stolen}`)).status).toBe(204);
    await keysOf(there).refresh();
    for (const replica of [here, there]) expect(kidOf(await tokenFrom(replica))).toBe(next);
    expect(await published(there)).not.toContain(stolen);
  });
});

describe('several keys that are taken back one right after the other', () => {
  it('leave no time in which a good token is refused because the other replica has just looked', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { kid } = keysOf(here)
        .list()
        .find(({ state }) => state === 'signing')!;
      await keysOf(here).revoke(kid);
      expect(await statusAt(there, await tokenFrom(here))).toBe(200);
    }
  });

  it('are not looked for again by whoever has heard that they are gone', async () => {
    const stolen = await tokenFrom(here);
    await keysOf(here).revoke(kidOf(stolen));
    await keysOf(there).refresh();
    const refresh = jest.spyOn(keysOf(there), 'refresh');
    expect(await statusAt(there, stolen)).toBe(401);
    expect(refresh).not.toHaveBeenCalled();
    refresh.mockRestore();
  });

  it('and no more than one look a second comes of tokens that nobody signed', async () => {
    const refresh = jest.spyOn(keysOf(there), 'refresh');
    const startedAtMs = performance.now();
    const [header, ...rest] = (await tokenFrom(here)).split('.');
    const named = JSON.parse(Buffer.from(header ?? '', 'base64url').toString()) as object;
    const forged = [Buffer.from(JSON.stringify({ ...named, kid: 'nobody' })).toString('base64url')]
      .concat(rest)
      .join('.');
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusAt(there, forged)));
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(await statusAt(there, forged)).toBe(401);
    const seconds = Math.floor((performance.now() - startedAtMs) / 1000);
    expect(refresh.mock.calls.length).toBeLessThanOrEqual(seconds + 1);
    refresh.mockRestore();
  });
});

describe('a key that does not sign', () => {
  it('is taken back before its turn, and after it; the one that signs goes on', async () => {
    let api = await adminApi(bed);
    const { kid: waiting } = (await api('POST', '/signing-keys/rotate')).body as Listed;
    const signing = (await list(api)).find(({ state }) => state === 'signing');
    expect((await api('DELETE', `/signing-keys/${waiting}`)).status).toBe(204);
    expect((await list(api)).at(-1)).toMatchObject({ kid: signing!.kid, state: 'signing' });

    const { kid: second } = (await api('POST', '/signing-keys/rotate')).body as Listed;
    const old = await tokenFrom(here);
    bed.clock.advance(361);
    api = await adminApi(bed);
    expect(await statusAt(here, old)).toBe(200);
    expect((await api('DELETE', `/signing-keys/${signing!.kid}`)).status).toBe(204);
    expect((await list(api)).at(-1)).toMatchObject({ kid: second, state: 'signing' });
    expect(await statusAt(here, old)).toBe(401);
    bed.clock.reset();
  });

  it('and is not known is not found', async () => {
    const api = await adminApi(bed);
    for (const kid of ['unknown', 'rotate', '%00', 'x'.repeat(500)])
      expect((await api('DELETE', `/signing-keys/${kid}`)).body).toMatchObject({
        status: 404,
        code: 'signing_key_not_found',
      });
  });
});

describe('whoever revokes while others do', () => {
  it('finds one key that signs, the same everywhere', async () => {
    for (let round = 0; round < 5; round += 1) {
      await keysOf(there).refresh();
      const signing = keysOf(here)
        .list()
        .find(({ state }) => state === 'signing');
      const outcomes = await Promise.allSettled([
        keysOf(here).revoke(signing!.kid),
        keysOf(there).revoke(signing!.kid),
        keysOf(here).rotate(),
        keysOf(there).rotate(),
        keysOf(there).refresh(),
      ]);
      expect(
        outcomes.map(({ status }) => status).filter((status) => status === 'rejected'),
      ).toEqual(['rejected']);
      await Promise.all([keysOf(here).refresh(), keysOf(there).refresh()]);
      expect(keysOf(there).list()).toEqual(keysOf(here).list());
      const states = keysOf(here)
        .list()
        .map(({ kid, state }) => ({ kid, state }));
      expect(states.filter(({ state }) => state === 'signing')).toHaveLength(1);
      expect(states.map(({ kid }) => kid)).not.toContain(signing!.kid);
      expect(states.filter(({ state }) => state === 'next').length).toBeLessThanOrEqual(1);
    }
  });
});
