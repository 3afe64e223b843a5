import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { KeyFreshness } from '../../src/auth/issuer/signing-keys/key-freshness.js';
import { SigningKeys } from '../../src/auth/issuer/signing-keys/signing-keys.js';
import { adminApi, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, portal, type Replica, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let cutOff: Replica;
let other: Replica;

beforeAll(async () => {
  bed = await openTestBed();
  cutOff = bed.replicas[0]!;
  other = await bed.addReplica();
});
afterEach(() => void jest.restoreAllMocks());
afterAll(() => bed.stop());

const keysOf = ({ service }: Replica): SigningKeys => service.app.get(SigningKeys);

/** As if one replica could not read the keys for so long. */
function unreadFor(replica: Replica, seconds: number): void {
  jest.spyOn(replica.service.app.get(KeyFreshness), 'ageSeconds').mockReturnValue(seconds);
}

const timesLogged = (words: string): number => bed.log().split(words).length - 1;

const asked = ({ url }: Replica, path: string) => fetch(`${url}${path}`);
const tokenAnswer = ({ url }: Replica) =>
  fetch(`${url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: admin.clientId,
      client_secret: admin.clientSecret,
      scope: 'keys:write',
    }),
  });

describe('a replica that cannot read the keys', () => {
  it.each([
    [0, 'public, max-age=300'],
    [60, 'public, max-age=280'],
    [330, 'public, max-age=10'],
    [3600, 'public, max-age=0'],
  ])('for %s seconds lets its key set be kept for: %s', async (seconds, header) => {
    unreadFor(cutOff, seconds);
    for (const path of ['/.well-known/jwks.json', '/.well-known/openid-configuration']) {
      const answer = await asked(cutOff, path);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, header]);
    }
    expect((await asked(other, '/.well-known/jwks.json')).headers.get('cache-control')).toBe(
      'public, max-age=300',
    );
  });

  it('goes on signing for as long as nobody else can have gone on to another key, and not longer', async () => {
    unreadFor(cutOff, 339);
    expect((await tokenAnswer(cutOff)).status).toBe(200);
    unreadFor(cutOff, 341);
    const refused = await tokenAnswer(cutOff);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(await refused.json()).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'the signing keys cannot be read at the moment',
    });
    expect((await tokenAnswer(other)).status).toBe(200);
  });

  it('is not ready while it may not sign, and says why', async () => {
    unreadFor(cutOff, 339);
    expect((await asked(cutOff, '/health/ready')).status).toBe(200);
    unreadFor(cutOff, 341);
    const answer = await asked(cutOff, '/health/ready');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      status: 'unavailable',
      database: 'ok',
      reasons: [{ code: 'keys_outdated' }],
    });
  });

  it('still reads tokens', async () => {
    const token = await machineToken(bed, admin);
    unreadFor(cutOff, 3600);
    const answer = await fetch(`${cutOff.url}/introspect`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: portal.clientId,
        client_secret: portal.clientSecret,
        token,
      }),
    });
    expect(await answer.json()).toMatchObject({ active: true });
  });

  it('says so, keeps what it has, and follows again by itself', async () => {
    const before = keysOf(cutOff).list();
    await bed.query('alter table signing_keys rename to signing_keys_away');
    try {
      await keysOf(cutOff).refresh();
      await keysOf(cutOff).refresh();
      expect(timesLogged('the signing keys could not be read again; going on')).toBe(1);
      unreadFor(cutOff, 341);
      await keysOf(cutOff).refresh();
      await keysOf(cutOff).refresh();
      expect(timesLogged('could not be read for minutes; no token is issued')).toBe(1);
      jest.restoreAllMocks();
      expect(keysOf(cutOff).list()).toEqual(before);
      expect((await tokenAnswer(cutOff)).status).toBe(200);
    } finally {
      await bed.query('alter table signing_keys_away rename to signing_keys');
    }
    await keysOf(cutOff).refresh();
    expect(timesLogged('the signing keys are read again')).toBe(1);
    const api = await adminApi(bed);
    const { kid } = (await api('POST', '/signing-keys/rotate', { base: other.url })).body as {
      kid: string;
    };
    await keysOf(cutOff).refresh();
    expect(keysOf(cutOff).list()).toMatchObject([{ kid: before[0]?.kid }, { kid, state: 'next' }]);
  });
});
