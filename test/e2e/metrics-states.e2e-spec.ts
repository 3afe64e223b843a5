import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';

import { adminApi } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { submitAndFollow } from '../fixtures/forms.js';
import { type Receiver, startReceiver } from '../fixtures/receiver.js';
import { delegated, registerCallbacks, thirdParty } from '../fixtures/service-provider.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, scanAs, signInOnWeb } from '../fixtures/sign-in.js';

const token = 'metrics-token-Zk3vQ9sN7xW0aTq5';

let bed: TestBed;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  bed = await openTestBed({
    env: { METRICS_TOKEN: token },
    provision: ({ connections, clients }, sandbox) => {
      connections.push(thirdParty(sandbox), delegated(sandbox), {
        slug: 'local',
        platform: 'local',
        displayName: '手机',
        password: true,
      });
      Object.assign(clients[0] ?? {}, { connections: ['dingtalk', 'wecom-hq', 'local'] });
    },
  });
});
afterAll(async () => {
  await bed.stop();
  await receiver.stop();
});

async function scrape(authorization = `Bearer ${token}`): Promise<Response> {
  return fetch(`${bed.issuer}/metrics`, { headers: { authorization } });
}

/** The lines of one metric, their values as numbers. */
async function read(metric: string): Promise<Record<string, number>> {
  const text = await (await scrape()).text();
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => new RegExp(`^${metric}[ {]`).test(line))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(metric.length, at), Number(line.slice(at + 1))];
      }),
  );
}

describe('/metrics with METRICS_TOKEN', () => {
  it.each([
    ['no token', undefined, 'Bearer', 'token_missing'],
    ['another scheme', `Basic ${token}`, 'Bearer', 'token_missing'],
    ['another token', `Bearer ${token}x`, 'Bearer error="invalid_token"', 'token_invalid'],
    ['the token cut short', 'Bearer metrics', 'Bearer error="invalid_token"', 'token_invalid'],
  ])('refuses %s', async (_what, authorization, challenge, code) => {
    const answer = await fetch(`${bed.issuer}/metrics`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, challenge]);
    const text = await answer.text();
    expect(text).toContain(code);
    expect(text).not.toContain('lingpai_');
  });

  it('takes the token, however the scheme is written', async () => {
    expect((await scrape()).status).toBe(200);
    expect((await scrape(`bearer ${token}`)).status).toBe(200);
  });
});

describe('the metrics', () => {
  it('count each sign-in once, by connection and outcome, and time what asked the platform', async () => {
    const configuration = await discoverPortal(bed);
    await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao');
    await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const on = 'qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo';
    bed.sandbox.control.fault({ kind: 'ip-not-allowed', on, times: 1 });
    const began = await begin(configuration, { connection: 'wecom-hq' });
    await scanAs(new TestBrowser(), began.url, 'wang.m');
    bed.sandbox.control.clearFaults();
    await fetch(`${bed.issuer}/callback/wecom-hq?code=x&state=${'a'.repeat(32)}`);
    await fetch(`${bed.issuer}/callback/13800000001?code=x&state=${'a'.repeat(32)}`);
    await fetch(`${bed.issuer}/callback/dingtalk?state=${'a'.repeat(32)}`);
    const grant = await fetch(`${bed.issuer}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:lingpai:grant-type:platform-code',
        client_id: portal.clientId,
        client_secret: portal.clientSecret,
        connection: 'dingtalk',
        code: 'no-such-code',
        code_type: 'web',
      }),
    });
    expect(grant.status).toBe(400);

    expect(await read('lingpai_sign_ins_total')).toEqual({
      '{connection="wecom-hq",outcome="ok"}': 1,
      '{connection="dingtalk",outcome="ok"}': 1,
      '{connection="wecom-hq",outcome="platform_misconfigured"}': 1,
      '{connection="wecom-hq",outcome="state_invalid"}': 1,
      '{connection="unknown",outcome="state_invalid"}': 1,
      '{connection="dingtalk",outcome="callback_incomplete"}': 1,
      '{connection="dingtalk",outcome="platform_code_rejected"}': 1,
    });
    expect(await read('lingpai_sign_in_duration_seconds_count')).toEqual({
      '{connection="wecom-hq"}': 2,
      '{connection="dingtalk"}': 2,
    });
  });

  it('count sign-ins on our own pages as those on a platform', async () => {
    const api = await adminApi(bed);
    const made = await api('POST', '/accounts', {
      body: { displayName: 'Mo', phone: '+8613800000077', phoneVerified: true },
    });
    const { id } = made.body as { id: string };
    const password = 'a-good-long-passphrase-7';
    await api('PUT', `/accounts/${id}/password`, { body: { password, mustChange: false } });
    const browser = new TestBrowser();
    const began = await begin(await discoverPortal(bed), { connection: 'local' });
    const page = await browser.follow(began.url);
    for (const tried of ['wrong-passphrase-1', password]) {
      const form = await browser.follow(`${page.url.href}?view=password`);
      const fields = { phone: '13800000077', password: tried };
      await submitAndFollow(browser, form, '/password', fields, atPortal);
    }
    const counted = await read('lingpai_sign_ins_total');
    expect(counted['{connection="local",outcome="password_wrong"}']).toBe(1);
    expect(counted['{connection="local",outcome="ok"}']).toBe(1);
  });

  it('tell how old the tokens in use are, and how long they live', async () => {
    const age = await read('lingpai_platform_token_age_seconds');
    const rest = await read('lingpai_platform_token_expires_in_seconds');
    const line = '{connection="wecom-hq",kind="wecom-access-token"}';
    expect(age[line]).toBeGreaterThan(0);
    expect(age[line]).toBeLessThan(60);
    expect(rest[line]! + age[line]!).toBeCloseTo(7200, 0);
    expect(Object.keys(age)).toEqual(Object.keys(rest));
    expect(
      Object.keys(age).every((labels) => /^\{connection="[\w-]+",kind="[\w-]+"\}$/.test(labels)),
    ).toBe(true);
  });

  it('tell of tokens that are only handed out to others, too', async () => {
    const api = await adminApi(bed);
    expect((await api('GET', '/connections/dingtalk/access-token')).status).toBe(200);
    expect(await read('lingpai_platform_token_age_seconds')).toHaveProperty([
      '{connection="dingtalk",kind="dingtalk-app-token"}',
    ]);
  });

  it('tell how long ago WeCom pushed a suite ticket, or since when one is waited for', async () => {
    await bed.query(`update connections set created_at = now() - interval '1 hour'`);
    const waiting = await read('lingpai_suite_ticket_age_seconds');
    expect(Object.keys(waiting).sort()).toEqual([
      '{connection="wecom-any"}',
      '{connection="wecom-dk"}',
    ]);
    for (const seconds of Object.values(waiting)) expect(seconds).toBeGreaterThanOrEqual(3600);

    await registerCallbacks(bed);
    await eventually(async () => {
      const arrived = await read('lingpai_suite_ticket_age_seconds');
      for (const seconds of Object.values(arrived)) expect(seconds).toBeLessThan(60);
    });
    // The worst of the two that one connection needs.
    await bed.query(
      `update suite_tickets set pushed_at = now() - interval '40 minutes'
        where suite_id = (select settings->'loginSuite'->>'suiteId' from connections where slug = 'wecom-any')`,
    );
    const late = await read('lingpai_suite_ticket_age_seconds');
    expect(late['{connection="wecom-any"}']).toBeGreaterThanOrEqual(2400);
    expect(late['{connection="wecom-dk"}']).toBeLessThan(120);
  });

  it('tell of the signing keys', async () => {
    const api = await adminApi(bed);
    const keys = 'lingpai_signing_keys';
    expect(await read(keys)).toEqual({
      '{state="next"}': 0,
      '{state="signing"}': 1,
      '{state="retiring"}': 0,
    });
    expect((await api('POST', '/signing-keys/rotate')).status).toBe(201);
    expect((await read(keys))['{state="next"}']).toBe(1);
    const age = await read('lingpai_signing_key_age_seconds');
    expect(age['']).toBeGreaterThan(0);
    expect(age['']).toBeLessThan(60);
  });

  it('tell of the pool, the version and the readiness', async () => {
    const pool = await read('lingpai_database_connections');
    expect(Object.keys(pool)).toEqual(['{state="total"}', '{state="idle"}', '{state="waiting"}']);
    expect(pool['{state="total"}']).toBeGreaterThan(0);
    expect(pool['{state="waiting"}']).toBe(0);
    expect(await read('lingpai_ready')).toEqual({ '': 1 });
    expect(await read('lingpai_build_info')).toEqual({ '{version="0.1.0"}': 1 });
  });

  it('tell of webhooks: what was delivered, and how long what is due has waited', async () => {
    const api = await adminApi(bed);
    await eventually(async () =>
      expect(await read('lingpai_webhook_lag_seconds')).toEqual({ '': 0 }),
    );
    receiver.answer = () => 500;
    const made = await api('POST', '/webhooks', {
      body: { url: receiver.url, events: ['account.created'] },
    });
    expect(made.status).toBe(201);
    const { id } = made.body as { id: string };
    await api('POST', '/accounts', { body: { displayName: 'Mo' } });
    await receiver.waitFor(1);
    await eventually(async () =>
      expect(await read('lingpai_webhook_deliveries_total')).toEqual({ '{outcome="failed"}': 1 }),
    );
    // It waits for its next attempt: nothing is overdue.
    expect(await read('lingpai_webhook_lag_seconds')).toEqual({ '': 0 });

    await api('PATCH', `/webhooks/${id}`, { body: { enabled: false } });
    await bed.query(
      `update webhook_deliveries set next_attempt_at = now() - interval '90 seconds'`,
    );
    // Nobody waits for what goes to a webhook that is switched off.
    expect(await read('lingpai_webhook_lag_seconds')).toEqual({ '': 0 });

    receiver.answer = () => 204;
    const dataSource = bed.replicas[0]!.service.app.get(DataSource);
    await dataSource.transaction(async (manager) => {
      // So that it stays overdue for as long as we look.
      await manager.query(`select 1 from webhook_deliveries for update`);
      await api('PATCH', `/webhooks/${id}`, { body: { enabled: true } });
      const lag = (await read('lingpai_webhook_lag_seconds'))[''];
      expect(lag).toBeGreaterThanOrEqual(90);
      expect(lag).toBeLessThan(150);
    });
    await eventually(async () =>
      expect(await read('lingpai_webhook_deliveries_total')).toEqual({
        '{outcome="failed"}': 1,
        '{outcome="delivered"}': 1,
      }),
    );
    expect(await read('lingpai_webhook_lag_seconds')).toEqual({ '': 0 });
  });

  it('are those that docs/observability.md explains', async () => {
    const paper = await readFile(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
    const explained = [...paper.matchAll(/^\| `(lingpai_\w+)` \| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const text = await (await scrape()).text();
    const told = [...text.matchAll(/^# TYPE (lingpai_\w+ \w+)$/gm)].map(([, line]) => line);
    const withRedis = ['lingpai_redis_fallbacks_total counter', 'lingpai_redis_up gauge'];
    expect([...told, ...withRedis].sort()).toEqual(explained.sort());
  });

  it('have no label that docs/observability.md does not name', async () => {
    const paper = await readFile(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
    const rows = [...paper.matchAll(/^\| `(lingpai_\w+)` \| \w+ \| ([^|]*)\|/gm)];
    const labelsOf = new Map(
      rows.map(([, name = '', labels = '']) => [
        name,
        [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
      ]),
    );
    const text = await (await scrape()).text();
    const samples = [...text.matchAll(/^(lingpai_\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? /gm)];
    expect(samples.length).toBeGreaterThan(50);
    for (const [line, name = '', labels = ''] of samples) {
      const given = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label);
      expect([line, given.filter((label) => label !== 'le')]).toEqual([line, labelsOf.get(name)]);
    }
  });
});
