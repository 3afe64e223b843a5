import { encrypt, getSignature } from '@wecom/crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import { machineToken } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import {
  type Ask,
  askAt,
  newAddress,
  secondsToWait,
  statuses,
  tightLimits,
} from '../fixtures/limits.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import { discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

const corpId = 'ww1a2b3c4d5e6f7a8b';
const keys = { token: 'appTok3n', aesKey: 'SimulatorOnlyKeySimulatorOnlyKey01234567891' };
const desk = { clientId: 'desk', clientSecret: 'desk-Zk3vQ9sN7xW0aTq5' };

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}
/** Machines; every test has its own. */
const batch = (number: number): Client => ({
  clientId: `batch-${number}`,
  clientSecret: `batch-Zk3vQ9sN7xW0aTq5-${number}`,
});

let bed: TestBed;
let ask: Ask;

beforeAll(async () => {
  bed = await openTestBed({
    env: tightLimits,
    provision: ({ connections, clients }) => {
      Object.assign(connections[1] ?? {}, { eventToken: keys.token, eventAesKey: keys.aesKey });
      clients.push({ ...clients[0], ...desk });
      for (let number = 1; number <= 12; number += 1)
        clients.push({
          ...batch(number),
          displayName: 'Batch',
          scopes: ['accounts:read'],
          grantTypes: ['client_credentials'],
        });
    },
  });
  ask = askAt(bed);
});
afterAll(() => bed.stop());

function post(
  path: string,
  fields: Record<string, string>,
  from = newAddress(),
): Promise<Response> {
  return ask(path, { method: 'POST', from, body: new URLSearchParams(fields) });
}

const identified = ({ clientId, clientSecret }: Client) => ({
  client_id: clientId,
  client_secret: clientSecret,
});
const token = (by: Client, from?: string) =>
  post('/token', { grant_type: 'client_credentials', ...identified(by) }, from);
const wrong = (by: Client): Client => ({ ...by, clientSecret: `not-${by.clientSecret}` });

const tooMany = {
  error: 'temporarily_unavailable',
  error_description: 'too_many_requests: There were too many requests. Please wait.',
};

async function expectTooMany(answer: Response): Promise<number> {
  const seconds = secondsToWait(answer);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await answer.json()).toEqual(tooMany);
  return seconds;
}

describe('a client', () => {
  it('is limited wherever it asks from, no other client is, and it may again after a minute', async () => {
    expect(await statuses(4, () => token(batch(1)))).toEqual([200, 200, 200, 200]);
    const seconds = await expectTooMany(await token(batch(1)));
    expect((await token(batch(2))).status).toBe(200);
    bed.clock.advance(seconds);
    expect((await token(batch(1))).status).toBe(200);
  });

  it('is limited at /introspect and /revoke too, in the header as in the body', async () => {
    const { clientId, clientSecret } = batch(3);
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const once = (path: string) => () =>
      ask(path, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ token: 'abc' }),
      });
    expect(await statuses(2, once('/introspect'))).toEqual([200, 200]);
    expect(await statuses(2, once('/revoke'))).toEqual([200, 200]);
    for (const path of ['/introspect', '/revoke', '/token'])
      await expectTooMany(await once(path)());
  });

  it('loses nothing by a request that was one too many', async () => {
    const configuration = await client.discovery(
      new URL(bed.issuer),
      desk.clientId,
      {},
      client.ClientSecretPost(desk.clientSecret),
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- as in the fixtures
      { execute: [client.allowInsecureRequests] },
    );
    const browser = new TestBrowser({ 'x-forwarded-for': newAddress() });
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042', browser);
    const first = await redeem(configuration, began, back);
    const refresh = () =>
      post('/token', {
        grant_type: 'refresh_token',
        refresh_token: first.refresh_token ?? '',
        ...identified(desk),
      });
    const introspect = () => post('/introspect', { token: 'abc', ...identified(desk) });
    expect(await statuses(3, introspect)).toEqual([200, 200, 200]);
    bed.clock.advance(await expectTooMany(await refresh()));
    expect((await refresh()).status).toBe(200);
  });

  it('is not limited by those who do not know its secret', async () => {
    expect(await statuses(8, () => token(wrong(batch(4))))).toEqual(Array(8).fill(401));
    expect(await statuses(4, () => token(batch(4)))).toEqual([200, 200, 200, 200]);
  });

  it('without a secret is limited for each address apart: everybody knows its name', async () => {
    const once = (from: string) => () =>
      post('/token', { grant_type: 'authorization_code', client_id: 'spa', code: 'abc' }, from);
    const stranger = newAddress();
    expect(await statuses(4, once(stranger))).toEqual([400, 400, 400, 400]);
    await expectTooMany(await once(stranger)());
    expect((await once(newAddress())()).status).toBe(400);
  });
});

describe('wrong secrets', () => {
  it('are limited by address and client; then not even the right one is looked at there', async () => {
    const from = newAddress();
    expect(await statuses(3, () => token(wrong(batch(5)), from))).toEqual([401, 401, 401]);
    await expectTooMany(await token(wrong(batch(5)), from));
    const seconds = await expectTooMany(await token(batch(5), from));
    expect((await token(batch(5))).status).toBe(200);
    expect((await token(batch(6), from)).status).toBe(200);
    bed.clock.advance(seconds);
    expect((await token(batch(5), from)).status).toBe(200);
  });

  it.each([
    ['nothing at all', {}, 400],
    ['an unknown client', { client_id: 'nobody', client_secret: 'abc' }, 401],
    ['no secret', { client_id: 'batch-7' }, 401],
    ['far too much', { client_id: 'batch-7', x: 'a'.repeat(60_000) }, 413],
  ])('count like %s', async (_what, fields, status) => {
    for (const path of ['/token', '/introspect', '/revoke']) {
      const from = newAddress();
      expect(await statuses(3, () => post(path, fields, from))).toEqual(Array(3).fill(status));
      await expectTooMany(await post(path, fields, from));
      expect((await post(path, { ...identified(batch(8)), token: 'abc' }, from)).status).not.toBe(
        401,
      );
    }
  });
});

const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
const call = (path: string, value: string, from = newAddress()) =>
  ask(path, { headers: bearer(value), from });
const forged = [{ alg: 'RS256', typ: 'at+jwt' }, { sub: 'batch-9', client_id: 'batch-9' }, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

async function expectProblem(answer: Response): Promise<number> {
  const seconds = secondsToWait(answer);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await answer.json()).toMatchObject({ status: 429, code: 'too_many_requests' });
  return seconds;
}

describe('a caller of the API', () => {
  const read = (value: string) => () => call('/api/v1/accounts', value);

  it('is limited wherever it calls from, no other is, and it may again after a minute', async () => {
    const [one, other] = [
      await machineToken(bed, batch(9), 'accounts:read'),
      await machineToken(bed, batch(10), 'accounts:read'),
    ];
    // Whoever forges a token in its name uses up none of it.
    expect(await statuses(9, read(forged))).toEqual(Array(9).fill(401));
    expect(await statuses(4, read(one))).toEqual([200, 200, 200, 200]);
    const seconds = await expectProblem(await read(one)());
    expect((await read(other)()).status).toBe(200);
    bed.clock.advance(seconds);
    expect((await read(one)()).status).toBe(200);
  });

  it('is counted for what it may not do as well', async () => {
    const one = await machineToken(bed, batch(11), 'accounts:read');
    expect(await statuses(4, () => call('/api/v1/clients', one))).toEqual([403, 403, 403, 403]);
    await expectProblem(await read(one)());
  });

  it('is each person for themselves, at /userinfo and the API together', async () => {
    const configuration = await discoverPortal(bed);
    const people: string[] = [];
    for (const member of ['manager0042', 'user0077']) {
      const browser = new TestBrowser({ 'x-forwarded-for': newAddress() });
      const { began, back } = await signInOnWeb(configuration, 'dingtalk', member, browser);
      people.push((await redeem(configuration, began, back)).access_token);
    }
    const [one = '', other = ''] = people;
    expect(await statuses(2, () => call('/userinfo', one))).toEqual([200, 200]);
    expect(await statuses(2, () => call('/api/v1/me', one))).toEqual([200, 200]);
    await expectProblem(await call('/userinfo', one));
    await expectProblem(await call('/api/v1/me', one));
    expect((await call('/userinfo', other)).status).toBe(200);

    // Signed out: the token is still well signed, and asks the database no more often than before.
    const api = await machineToken(bed, admin);
    const { id } = (await (await call('/api/v1/me', other)).json()) as { id: string };
    const signedOut = await ask(`/api/v1/accounts/${id}/sessions`, {
      method: 'DELETE',
      headers: bearer(api),
    });
    expect(signedOut.status).toBe(204);
    expect(await statuses(2, () => call('/api/v1/me', other))).toEqual([401, 401]);
    await expectProblem(await call('/api/v1/me', other));
  });

  it.each(['/api/v1/accounts', '/userinfo'])(
    'with a token that is none of ours is limited by address, and nobody beside it: %s',
    async (path) => {
      const from = newAddress();
      expect(await statuses(3, () => call(path, forged, from))).toEqual([401, 401, 401]);
      await expectProblem(await call(path, forged, from));
      await expectProblem(await ask(path, { from }));
      expect((await call(path, forged)).status).toBe(401);
      const good = await machineToken(bed, batch(12), 'accounts:read');
      expect((await call('/api/v1/accounts', good, from)).status).toBe(200);
    },
  );
});

describe('a callback of a platform', () => {
  /** As WeCom would send it. */
  function push(from: string, member: string, signature?: string): Promise<Response> {
    const seconds = Math.floor(bed.clock.now().getTime() / 1000);
    const content = `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>${seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_contact]]></Event><ChangeType>delete_user</ChangeType><UserID><![CDATA[${member}]]></UserID></xml>`;
    const encrypted = encrypt(keys.aesKey, content, corpId);
    const query = new URLSearchParams({
      msg_signature: signature ?? getSignature(keys.token, String(seconds), 'nonce1', encrypted),
      timestamp: String(seconds),
      nonce: 'nonce1',
    });
    return ask(`/events/wecom-hq?${query.toString()}`, {
      method: 'POST',
      from,
      body: `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
    });
  }

  it('is limited when it was refused, and never when it is authentic, whoever shares its address', async () => {
    const from = newAddress();
    const bad = () => push(from, 'nobody', 'f'.repeat(40));
    expect(await statuses(3, bad)).toEqual([403, 403, 403]);
    bed.clock.advance((await expectProblem(await bad())) - 5);
    await expectProblem(await bad());
    for (let index = 0; index < 10; index += 1)
      expect((await push(from, `leaver-${index}`)).status).toBe(200);
    const events = await bed.query("select 1 from platform_events where subject like '%leaver-%'");
    expect(events).toHaveLength(10);
  });
});

describe('the limits that are set unless one says otherwise', () => {
  let usual: TestBed;
  beforeAll(async () => {
    usual = await openTestBed();
  });
  afterAll(() => usual.stop());

  it('let one client redeem what fifty codes a second make in a minute', async () => {
    const answers: number[] = [];
    let left = 3000;
    const redeemer = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const answer = await askAt(usual)('/token', {
          method: 'POST',
          body: new URLSearchParams({ grant_type: 'client_credentials', ...identified(admin) }),
        });
        await answer.arrayBuffer();
        answers.push(answer.status);
      }
    };
    await Promise.all(Array.from({ length: 16 }, redeemer));
    expect(answers).toHaveLength(3000);
    expect(new Set(answers)).toEqual(new Set([200]));
  }, 60_000);
});
