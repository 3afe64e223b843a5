import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { adminApi, machineToken } from '../fixtures/api.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { ExampleProcess, examples } from './example-process.js';
import { audience, Forger } from './forger.js';
import { KeyGate } from './key-gate.js';

const robot = { clientId: 'robot', clientSecret: 'robot-Zk3vQ9sN7xW0aTq5-Zk3vQ9sN7xW0' };

let bed: TestBed;
let forger: Forger;
let gate: KeyGate | undefined;
let running: ExampleProcess | undefined;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ clients }) => {
      clients.push({
        ...robot,
        displayName: 'Robot',
        scopes: ['orders:read'],
        grantTypes: ['client_credentials'],
        audience,
      });
    },
  });
  forger = new Forger(bed);
});
afterEach(async () => {
  await running?.stop();
  gate?.close();
});
afterAll(() => bed.stop());

const token = (): Promise<string> => machineToken(bed, robot, 'orders:read');
const kidOf = (jwt: string): unknown =>
  (JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown })
    .kid;

describe.each(examples)('the key set at $name', (example) => {
  const start = async (settings: Readonly<Record<string, string>>): Promise<ExampleProcess> => {
    running = await ExampleProcess.start(example, {
      ISSUER: bed.issuer,
      AUDIENCE: audience,
      ...settings,
    });
    return running;
  };

  it('is fetched once for many who come at once, and not for kids that are made up', async () => {
    gate = await KeyGate.open(bed.issuer);
    const app = await start({ JWKS_URI: gate.url });
    const good = await token();
    const first = await Promise.all(Array.from({ length: 20 }, () => app.status(good)));
    expect(new Set(first)).toEqual(new Set([200]));
    expect(gate.asked).toBe(1);
    for (let round = 0; round < 10; round += 1) {
      const answers = Array.from({ length: 20 }, async (_, index) =>
        app.status(await forger.token({}, { kid: `made-up-${round}-${index}` })),
      );
      expect(new Set(await Promise.all(answers))).toEqual(new Set([401]));
    }
    expect(gate.asked).toBe(1);
    expect(await app.status(good)).toBe(200);
  });

  it('is asked for once in a while, however many kids are made up', async () => {
    gate = await KeyGate.open(bed.issuer);
    const app = await start({ JWKS_URI: gate.url, KEYS_COOLDOWN_SECONDS: '1' });
    const started = performance.now();
    for (let round = 0; performance.now() - started < 2500; round += 1)
      expect(await app.status(await forger.token({}, { kid: `made-up-${round}` }))).toBe(401);
    expect(gate.asked).toBeGreaterThanOrEqual(2);
    expect(gate.asked).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - started) / 1000));
  });

  it.each(['broken', 'error', 'page'] as const)(
    'that is not to be had (%s) refuses nobody for good, and is not hammered',
    async (state) => {
      gate = await KeyGate.open(bed.issuer);
      gate.state = state;
      const app = await start({ JWKS_URI: gate.url, KEYS_COOLDOWN_SECONDS: '1' });
      const good = await token();
      expect(await app.get('/me', `Bearer ${good}`)).toEqual({
        status: 503,
        challenge: undefined,
        retryAfter: '1',
        body: { error: 'temporarily_unavailable' },
      });
      const started = performance.now();
      const answers = await Promise.all(Array.from({ length: 50 }, () => app.status(good)));
      expect(new Set(answers)).toEqual(new Set([503]));
      expect(gate.asked).toBeLessThanOrEqual(2 + Math.floor((performance.now() - started) / 1000));
      gate.state = 'open';
      await eventually(async () => expect(await app.status(good)).toBe(200));
    },
  );

  it('goes on serving the keys that it has when the issuer goes away', async () => {
    gate = await KeyGate.open(bed.issuer);
    const app = await start({ JWKS_URI: gate.url, KEYS_COOLDOWN_SECONDS: '0.1' });
    const good = await token();
    expect(await app.status(good)).toBe(200);
    gate.state = 'broken';
    await eventually(async () =>
      expect(await app.status(await forger.token({}, { kid: 'made-up' }))).toBe(503),
    );
    expect(await app.status(good)).toBe(200);
  });
});

it('is fetched again for a key that came after it, by every example and with nothing set but the issuer', async () => {
  const apps = await Promise.all(
    examples.map((example) =>
      ExampleProcess.start(example, {
        ISSUER: bed.issuer,
        AUDIENCE: audience,
        KEYS_COOLDOWN_SECONDS: '1',
      }),
    ),
  );
  const statuses = (jwt: string): Promise<number[]> =>
    Promise.all(apps.map((app) => app.status(jwt)));
  const good = examples.map(() => 200);
  try {
    const before = await token();
    expect(await statuses(before)).toEqual(good);
    await (
      await adminApi(bed, 'keys:write')
    )('POST', '/signing-keys/rotate');
    bed.clock.advance(361);
    const after = await token();
    bed.clock.reset();
    expect(kidOf(after)).not.toBe(kidOf(before));
    await eventually(async () => expect(await statuses(after)).toEqual(good));
    expect(await statuses(before)).toEqual(good);
  } finally {
    await Promise.all(apps.map((app) => app.stop()));
  }
});
