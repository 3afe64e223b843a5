import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api } from '../fixtures/api.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

const corpId = 'ww1a2b3c4d5e6f7a8b';
const getToken = 'qyapi.weixin.qq.com/cgi-bin/gettoken';
let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed({
    // So that the caller's token outlives the platform's, when the clock moves on.
    env: { ACCESS_TOKEN_TTL_SECONDS: '14400' },
    provision: ({ connections }) => {
      connections.push(
        { slug: 'phone', platform: 'local', displayName: '手机号' },
        { ...connections[1], slug: 'wecom-off', enabled: false },
        { ...connections[1], slug: 'wecom-wrong', secret: 'a-wrong-secret-0123456789' },
      );
    },
  });
  await bed.addReplica();
  api = await adminApi(bed);
});
beforeEach(async () => {
  bed.sandbox.control.clearFaults();
  await bed.query('delete from rate_limits');
});
afterAll(() => bed.stop());

interface Token {
  readonly accessToken: string;
  readonly expiresAt: string;
}
const replica = (number: number) => bed.replicas[(number - 1) % bed.replicas.length]?.url ?? '';
const read = async (slug = 'wecom-hq', base = replica(1)) =>
  (await api('GET', `/connections/${slug}/access-token`, { base })).body as Token;
const drop = (accessToken: string, base = replica(1)) =>
  api('POST', '/connections/wecom-hq/access-token/invalidations', { base, body: { accessToken } });
const states = async (slug: string) =>
  ((await api('GET', `/connections/${slug}/tokens`)).body as { items: Record<string, unknown>[] })
    .items;
const calls = () => bed.sandbox.control.callCount(getToken);

describe('the one token of the company', () => {
  it('is the one with which the platform takes calls, and says truly until when', async () => {
    const answer = await api('GET', '/connections/wecom-hq/access-token');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { accessToken, expiresAt } = answer.body as Token;
    const ask = async () =>
      (await (
        await fetch(
          `${bed.sandbox.endpoints.wecom.api}/cgi-bin/get_jsapi_ticket?access_token=${accessToken}`,
        )
      ).json()) as { errcode?: number };
    expect((await ask()).errcode ?? 0).toBe(0);
    const secondsLeft = (Date.parse(expiresAt) - Date.now()) / 1000;
    expect(secondsLeft).toBeGreaterThan(7100);
    expect(secondsLeft).toBeLessThanOrEqual(7200);
  });

  it('is the same for every caller at every replica', async () => {
    const before = calls();
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, index) => read('wecom-hq', replica(index + 1))),
    );
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(calls() - before).toBe(0);
  });

  it('once dropped is handed out by no replica', async () => {
    const { accessToken } = await read('wecom-hq', replica(1));
    await read('wecom-hq', replica(2));
    bed.sandbox.control.wecom.invalidateTokens(corpId);
    expect((await drop(accessToken, replica(1))).body).toEqual({ dropped: true });
    const next = await read('wecom-hq', replica(2));
    expect(next.accessToken).not.toBe(accessToken);
    expect((await read('wecom-hq', replica(1))).accessToken).toBe(next.accessToken);
  });

  it('is not dropped for one that is not current', async () => {
    const { accessToken } = await read();
    for (const other of ['nonsense', `${accessToken}x`]) {
      expect((await drop(other)).body).toEqual({ dropped: false });
    }
    expect((await read()).accessToken).toBe(accessToken);
  });

  it('is dropped once by three hundred who were refused, and fetched once', async () => {
    const { accessToken } = await read();
    bed.sandbox.control.wecom.invalidateTokens(corpId);
    const before = calls();
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const base = replica(index + 1);
        const { body } = await drop(accessToken, base);
        return {
          dropped: (body as { dropped?: boolean }).dropped,
          ...(await read('wecom-hq', base)),
        };
      }),
    );
    expect(new Set(answers.map((answer) => answer.accessToken)).size).toBe(1);
    expect(answers[0]?.accessToken).not.toBe(accessToken);
    expect(calls() - before).toBe(1);
    expect(answers.every(({ dropped }) => dropped !== undefined)).toBe(true);
  });

  it('is not fetched over and over for a caller who refuses all that comes', async () => {
    const before = calls();
    const statuses: number[] = [];
    for (let round = 0; round < 32; round += 1) {
      statuses.push((await drop((await read()).accessToken)).status);
    }
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 200));
    expect(statuses.slice(30)).toEqual([429, 429]);
    expect(calls() - before).toBe(30);
  });

  it('is written down each time, without the token', async () => {
    const written = (): Promise<{ action: string }[]> =>
      bed.query(`select * from audit_events where action like 'platform_token.%'`);
    const before = (await written()).length;
    const { accessToken } = await read();
    await eventually(async () => expect((await written()).length).toBeGreaterThan(before));
    const events = JSON.stringify(await written());
    expect(events).toContain('"action":"platform_token.read"');
    expect(events).toContain('"action":"platform_token.drop"');
    expect(events).toContain('"actor":"client:admin"');
    expect(events).not.toContain(accessToken);
    expect(bed.log()).not.toContain(accessToken);
    expect(JSON.stringify(await bed.query('select * from platform_tokens'))).not.toContain(
      accessToken,
    );
  });

  it('is not there for a connection that is unknown, disabled, or of no platform', async () => {
    const get = async (slug: string) =>
      (await api('GET', `/connections/${slug}/access-token`)).body as object;
    expect(await get('nowhere')).toMatchObject({ status: 404, code: 'connection_not_found' });
    expect(await get('wecom-off')).toMatchObject({ status: 404, code: 'connection_not_found' });
    expect(await get('phone')).toMatchObject({ status: 422, code: 'value_not_allowed' });
    expect(await get('wecom-hq')).toHaveProperty('accessToken');
    const foreign = await api('GET', '/connections/wecom-hq/access-token?tenant=wwother');
    expect(foreign.body).toMatchObject({ status: 422, errors: [{ field: 'tenant' }] });
  });
});

describe('the state of tokens', () => {
  it('says what there is and until when, never the value', async () => {
    const { accessToken } = await read('dingtalk');
    const items = await states('dingtalk');
    expect(items.map(({ kind }) => kind)).toEqual(['dingtalk-app-token', 'dingtalk-jsapi-ticket']);
    expect(items[0]).toMatchObject({ tenant: null, lastError: null });
    expect(items[0]?.['expiresInSeconds']).toBeGreaterThan(7000);
    expect(items[0]?.['ageSeconds']).toBeLessThan(120);
    expect(items[1]).toMatchObject({ fetchedAt: null, expiresAt: null, expiresInSeconds: null });
    expect(JSON.stringify(items)).not.toContain(accessToken);
  });

  it('says what the platform refused, what to do, and until when it is not asked again', async () => {
    const before = calls();
    for (let round = 0; round < 5; round += 1) {
      const refused = await api('GET', '/connections/wecom-wrong/access-token', {
        base: replica(round + 1),
      });
      expect(refused.body).toMatchObject({ code: 'platform_misconfigured' });
    }
    expect(calls() - before).toBe(1);
    const [access] = await states('wecom-wrong');
    expect(access).toMatchObject({
      kind: 'wecom-access-token',
      fetchedAt: null,
      lastError: {
        code: 'platform_misconfigured',
        platformCode: '40001',
        fix: expect.stringMatching(/secret/),
      },
    });
    const { at, restsUntil } = access?.['lastError'] as { at: string; restsUntil: string };
    expect(Date.parse(restsUntil) - Date.parse(at)).toBe(5000);
    expect(JSON.stringify(access)).not.toContain('a-wrong-secret');
  });

  it('lets a disabled connection be looked at', async () => {
    expect(await states('wecom-off')).toHaveLength(3);
  });
});
