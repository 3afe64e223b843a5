import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { machineToken } from '../fixtures/api.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';
import { ExampleProcess, examples } from './example-process.js';
import { audience, foreignKey, type ForeignKey, Forger } from './forger.js';
import { KeyGate } from './key-gate.js';

const robot = { clientId: 'robot', clientSecret: 'robot-Zk3vQ9sN7xW0aTq5-Zk3vQ9sN7xW0' };
const invalid = { status: 401, challenge: 'Bearer error="invalid_token"' };

/** A service that signs with this algorithm, and whose person and machine may read orders. */
const openService = (alg: string): Promise<TestBed> =>
  openTestBed({
    env: { SIGNING_ALG: alg },
    provision: ({ clients }) => {
      const [portal] = clients;
      (portal?.['scopes'] as string[]).push('orders:read');
      clients.push({
        ...robot,
        displayName: 'Robot',
        scopes: ['orders:read', 'orders:write'],
        grantTypes: ['client_credentials'],
        audience,
      });
    },
  });

describe.each(['RS256', 'ES256', 'EdDSA'])('a token that is signed with %s', (alg) => {
  const able = examples.filter(({ algorithms }) => algorithms.includes(alg));
  const processes = new Map<string, ExampleProcess>();
  const run = (name: string): ExampleProcess => processes.get(name)!;
  let bed: TestBed;
  let gate: KeyGate;
  let other: ForeignKey;
  let forger: Forger;
  let bad: Readonly<Record<string, string>>;

  beforeAll(async () => {
    bed = await openService(alg);
    other = await foreignKey(alg === 'ES256' ? 'RS256' : 'ES256', 'of-another-algorithm');
    gate = await KeyGate.open(bed.issuer, [other.publicJwk]);
    forger = new Forger(bed);
    bad = await forger.badTokens(other);
    const settings = { ISSUER: bed.issuer, AUDIENCE: audience, JWKS_URI: gate.url };
    await Promise.all(
      able.map(async (example) =>
        processes.set(
          example.name,
          await ExampleProcess.start(example, { ...settings, ALGORITHMS: alg }),
        ),
      ),
    );
  });
  afterAll(async () => {
    await Promise.all([...processes.values()].map((each) => each.stop()));
    gate.close();
    await bed.stop();
  });

  describe.each(able.map(({ name }) => name))('at %s', (name) => {
    it('of a person opens the way, with what it says of them', async () => {
      const configuration = await discoverPortal(bed);
      const { began, back } = await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao');
      const tokens = await redeem(configuration, began, back);
      const bearer = `Bearer ${tokens.access_token}`;
      expect((await run(name).get('/me', bearer)).body).toEqual({
        sub: tokens.claims()?.sub,
        client: 'portal',
        scopes: ['openid', 'profile', 'phone', 'email', 'offline_access'],
        roles: ['staff'],
        connection: 'wecom-hq',
        tenant: 'ww1a2b3c4d5e6f7a8b',
      });
      expect((await run(name).get('/reports', bearer)).status).toBe(200);
      expect(await run(name).get('/orders', bearer)).toMatchObject({
        status: 403,
        challenge: 'Bearer error="insufficient_scope", scope="orders:read"',
      });
      expect(await run(name).get('/me', `Bearer ${tokens.id_token!}`)).toMatchObject(invalid);
      expect(await run(name).get('/me', `Bearer ${tokens.refresh_token!}`)).toMatchObject(invalid);
    });

    it('of a machine opens what its scope does', async () => {
      const bearer = `Bearer ${await machineToken(bed, robot, 'orders:read')}`;
      expect((await run(name).get('/me', bearer)).body).toEqual({
        sub: 'robot',
        client: 'robot',
        scopes: ['orders:read'],
        roles: [],
      });
      expect(await run(name).get('/orders', bearer)).toMatchObject({
        status: 200,
        body: { orders: [] },
      });
      expect(await run(name).get('/reports', bearer)).toMatchObject({
        status: 403,
        challenge: 'Bearer error="insufficient_scope"',
      });
      expect(
        await run(name).status(await machineToken(bed, robot, 'orders:write'), '/orders'),
      ).toBe(403);
    });

    it('opens the way in every form that the specifications allow', async () => {
      const now = Math.floor(Date.now() / 1000);
      const good = {
        plain: await forger.token(),
        'for several APIs': await forger.token({ aud: ['https://other.example.com', audience] }),
        'of a type in capitals': await forger.token({}, { typ: 'AT+JWT' }),
        'of a type in full': await forger.token({}, { typ: 'application/at+jwt' }),
        'that ended two seconds ago, by our clock': await forger.token({ exp: now - 2 }),
      };
      for (const [what, token] of Object.entries(good))
        expect([what, await run(name).status(token)]).toEqual([what, 200]);
      expect((await run(name).get('/me', `bearer ${good.plain}`)).status).toBe(200);
    });

    it('that is bad is refused', async () => {
      expect(Object.keys(bad).length).toBeGreaterThan(30);
      for (const [what, token] of Object.entries(bad)) {
        const { status, challenge } = await run(name).get('/me', `Bearer ${token}`);
        expect({ what, status, challenge }).toEqual({ what, ...invalid });
      }
    });

    it('is refused anywhere but in one header', async () => {
      const good = await forger.token();
      for (const authorization of ['Bearer ', 'Bearer', `Bearer ${good} x`, `Token ${good}`])
        expect(await run(name).get('/me', authorization)).toMatchObject(invalid);
      for (const second of [good, bad['expired']!, 'x'])
        expect(await run(name).get('/me', [`Bearer ${good}`, `Bearer ${second}`])).toMatchObject(
          invalid,
        );
      expect(await run(name).get(`/me?access_token=${good}`)).toMatchObject({
        status: 401,
        challenge: 'Bearer',
      });
    });

    it('is never written to the log', () => {
      expect(run(name).output).not.toMatch(/eyJ[\w-]{10}/);
    });
  });
});

describe('while the algorithm changes, and two are accepted', () => {
  let bed: TestBed;
  let gate: KeyGate;
  let other: ForeignKey;

  beforeAll(async () => {
    bed = await openService('RS256');
    other = await foreignKey('ES256', 'of-the-next-algorithm');
    gate = await KeyGate.open(bed.issuer, [other.publicJwk]);
  });
  afterAll(async () => {
    gate.close();
    await bed.stop();
  });

  it.each(examples)('a key is good for its own algorithm alone, at $name', async (example) => {
    const app = await ExampleProcess.start(example, {
      ISSUER: bed.issuer,
      AUDIENCE: audience,
      JWKS_URI: gate.url,
      ALGORITHMS: 'RS256,ES256',
    });
    try {
      const forger = new Forger(bed);
      expect(await app.status(await forger.token())).toBe(200);
      expect(await app.status(await forger.token({}, { kid: other.kid }, other))).toBe(200);
      expect(await app.status(await forger.token({}, { kid: other.kid }))).toBe(401);
      expect(await app.status(await forger.token({}, {}, other))).toBe(401);
    } finally {
      await app.stop();
    }
  });
});
