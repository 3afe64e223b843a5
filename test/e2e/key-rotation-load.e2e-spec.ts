import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose';

import { SigningKeys } from '../../src/auth/issuer/signing-keys/signing-keys.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, portal, type Replica, type TestBed } from '../fixtures/service.js';
import { SignInLoad } from '../fixtures/sign-in-load.js';

/** How much faster than the machine's the time of this process goes: its own, the protocol engine's and the verifiers'. */
const haste = 40;
const tickMs = 20;
const accessTokenSeconds = 300;
const idTokenSeconds = 600;

let bed: TestBed;
/** Where the load goes. */
let live: Replica[];
let time: NodeJS.Timeout;
const followers = new Map<Replica, NodeJS.Timeout>();

beforeAll(async () => {
  jest.useFakeTimers({
    now: Date.now(),
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
  bed = await openTestBed({
    env: {
      LOG_LEVEL: 'warn',
      ACCESS_TOKEN_TTL_SECONDS: String(accessTokenSeconds),
      ID_TOKEN_TTL_SECONDS: String(idTokenSeconds),
      SESSION_TTL_SECONDS: String(idTokenSeconds),
      LIMIT_SIGN_IN_PER_MINUTE: '0',
      LIMIT_TOKEN_PER_MINUTE: '0',
      LIMIT_API_PER_MINUTE: '0',
    },
  });
  live = [bed.replicas[0]!];
  follow(live[0]!);
  await join({});
  // By turns of the loop: a machine that is busy elsewhere makes the time slower, not the service late.
  time = setInterval(() => jest.setSystemTime(Date.now() + tickMs * haste), tickMs);
}, 60_000);
afterAll(async () => {
  clearInterval(time);
  for (const timer of followers.values()) clearInterval(timer);
  await bed.stop();
  jest.useRealTimers();
});

const keysOf = ({ service }: Replica): SigningKeys => service.app.get(SigningKeys);
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;

/** Each replica looks for new keys every 20 of our seconds; the loop of another one is not its own. */
function follow(replica: Replica): void {
  const everyMs = (20 * 1000) / haste;
  followers.set(
    replica,
    setInterval(() => void keysOf(replica).refresh(), everyMs),
  );
}

async function join(env: NodeJS.ProcessEnv): Promise<void> {
  const replica = await bed.addReplica({ env });
  follow(replica);
  live.push(replica);
}

/**
 * As in production, where nobody is sent there any more and what is on its way still arrives: a port that closes at once cuts off
 * connections whose request nobody has read yet.
 */
async function leave(replica: Replica): Promise<void> {
  live.splice(live.indexOf(replica), 1);
  await replica.service.stop({ delayMs: 500, requestsMs: 20_000 });
  clearInterval(followers.get(replica));
}

/** Keeps the key set exactly as long as it may, and asks nobody when it meets a key that it does not know. */
class StrictVerifier {
  #set: JSONWebKeySet = { keys: [] };
  #expiresAtMs = 0;

  async verify(token: string): Promise<void> {
    if (Date.now() >= this.#expiresAtMs) {
      const answer = await fetch(`${oneOf(live).url}/.well-known/jwks.json`);
      const maxAge = /max-age=(\d+)/.exec(answer.headers.get('cache-control') ?? '')?.[1];
      this.#set = (await answer.json()) as JSONWebKeySet;
      this.#expiresAtMs = Date.now() + Number(maxAge) * 1000;
    }
    await jwtVerify(token, createLocalJWKSet(this.#set), { issuer: bed.issuer });
  }
}

it('a rotation under load leaves not one token unverifiable, from RS256 over ES256 to EdDSA', async () => {
  const verifiers = Array.from({ length: 12 }, () => new StrictVerifier());
  const issued: string[] = [];
  const unverifiable = new Set<string>();
  let verified = 0;

  const verify = async (token: string, by: readonly StrictVerifier[]): Promise<void> => {
    for (const verifier of by) {
      // What expires in this very moment is nobody's fault.
      if ((decodeJwt(token).exp ?? 0) * 1000 < Date.now() + 10_000) return;
      try {
        await verifier.verify(token);
        verified += 1;
      } catch (error) {
        const { kid, alg } = decodeProtectedHeader(token);
        unverifiable.add(`${alg ?? ''} ${kid ?? ''}: ${String(error)}`);
      }
    }
  };
  const refreshed = async (refreshToken: string): Promise<string[]> => {
    const answer = await fetch(`${oneOf(live).url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: portal.clientId,
        client_secret: portal.clientSecret,
      }),
    });
    const tokens = (await answer.json()) as Record<'access_token' | 'id_token', string>;
    expect(answer.status).toBe(200);
    return [tokens.access_token, tokens.id_token];
  };
  const load = new SignInLoad(bed.issuer, {
    people: 4,
    route: (url) =>
      url.origin === bed.issuer ? new URL(url.pathname + url.search, oneOf(live).url) : url,
    onSignIn: async ({ accessToken, idToken, refreshToken }) => {
      const tokens = [accessToken, idToken, ...(await refreshed(refreshToken))];
      issued.push(...tokens);
      for (const token of tokens) await verify(token, verifiers);
    },
  });
  let isOver = false;
  /** All that is not over yet is looked at again and again, by whoever. */
  const recheck = async (): Promise<void> => {
    while (!isOver) {
      for (let count = 0; count < 20 && issued.length > 0; count += 1)
        await verify(oneOf(issued), [oneOf(verifiers)]);
      await sleep(20);
    }
  };
  load.start();
  const rechecking = recheck();
  const signedWith = (alg: string, kid?: string) =>
    eventually(() => {
      const header = decodeProtectedHeader(issued.at(-1) ?? '');
      expect(header.alg).toBe(alg);
      if (kid) expect(header.kid).toBe(kid);
    }, 40_000);

  await signedWith('RS256');
  const second = await keysOf(oneOf(live)).rotate();
  await signedWith('RS256', second);
  for (const alg of ['ES256', 'EdDSA']) {
    for (const older of [...live]) {
      await join({ SIGNING_ALG: alg });
      await leave(older);
    }
    await signedWith(alg);
  }
  // What was signed last is looked at until it is over.
  await sleep((2 * accessTokenSeconds * 1000) / haste);
  await load.stop();
  isOver = true;
  await rechecking;

  expect(load.lost).toEqual([]);
  expect([...unverifiable]).toEqual([]);
  const kids = new Set(issued.map((token) => decodeProtectedHeader(token).kid));
  expect(kids.size).toBe(4);
  expect(issued.length).toBeGreaterThan(400);
  expect(verified).toBeGreaterThan(5000);
  // And the first two, whose last token is over, are published no more.
  await eventually(() => {
    const published = keysOf(live[0]!).list();
    expect(published.map(({ alg }) => alg)).not.toContain('RS256');
  }, 40_000);
}, 180_000);
