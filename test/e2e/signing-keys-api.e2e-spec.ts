import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { expectScopeAsked } from '../fixtures/scopes.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  api = await adminApi(bed);
});
afterAll(() => bed.stop());

describe('the signing keys', () => {
  it('are listed, and rotated once however often it is asked', async () => {
    const { items } = (await api('GET', '/signing-keys')).body as { items: object[] };
    expect(items).toMatchObject([{ alg: 'RS256', state: 'signing' }]);
    expect(JSON.stringify(items)).not.toContain('"d"');
    const rotated = await Promise.all([
      api('POST', '/signing-keys/rotate'),
      api('POST', '/signing-keys/rotate', { base: bed.replicas[1]?.url ?? '' }),
    ]);
    expect(rotated.map(({ status }) => status)).toEqual([201, 201]);
    expect(rotated[1].body).toEqual(rotated[0].body);
    expect(rotated[0].body).toMatchObject({ alg: 'RS256', state: 'next' });
    const after = (await api('GET', '/signing-keys')).body as { items: { kid: string }[] };
    expect(after.items).toMatchObject([{ state: 'signing' }, { state: 'next' }]);
    const keys = (await (await fetch(`${bed.issuer}/.well-known/jwks.json`)).json()) as {
      keys: { kid: string }[];
    };
    expect(keys.keys.map(({ kid }) => kid).sort()).toEqual(
      after.items.map(({ kid }) => kid).sort(),
    );
  });

  it('change their turns on every replica, and tokens of the old one stay good', async () => {
    const before = await machineToken(bed, admin);
    const kids = async (base: string) =>
      (
        (await api('GET', '/signing-keys', { base })).body as {
          items: { kid: string; state: string }[];
        }
      ).items;
    const { kid } = (await api('POST', '/signing-keys/rotate')).body as { kid: string };
    bed.clock.advance(361);
    const [here, there] = bed.replicas.map(({ url }) => url);
    if (!here || !there) throw new Error('there are no two replicas');
    expect(await kids(here)).toMatchObject([{ state: 'retiring' }, { kid, state: 'signing' }]);
    expect(await kids(there)).toEqual(await kids(here));
    expect((await apiWith(bed, before)('GET', '/signing-keys')).status).toBe(200);
    const after = await machineToken(bed, admin);
    expect(
      JSON.parse(Buffer.from(after.split('.')[0] ?? '', 'base64url').toString()),
    ).toMatchObject({ kid });
    bed.clock.reset();
  });

  it('are rotated with an audit line', async () => {
    const { kid } = (await api('POST', '/signing-keys/rotate')).body as { kid: string };
    expect((await api('GET', '/audit-events?limit=1')).body).toMatchObject({
      items: [{ action: 'signing_key.rotate', actor: 'client:admin', details: { kid } }],
    });
  });
});

describe('who may', () => {
  it.each([
    ['GET', '/signing-keys', 'keys:write'],
    ['POST', '/signing-keys/rotate', 'keys:write'],
  ])('%s %s wants %s', async (method, path, scope) => {
    await expectScopeAsked(bed, method, path, scope);
  });
});
