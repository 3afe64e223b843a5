import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api } from '../fixtures/api.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  api = await adminApi(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  await bed.query('delete from connections where not managed_by_file');
});
afterAll(() => bed.stop());

const wecom = () => ({
  slug: 'wecom-2',
  platform: 'wecom-self-built',
  displayName: '第二个应用',
  corpId: 'ww1a2b3c4d5e6f7a8b',
  agentId: '1000017',
  secret: 'exampleWecomSecret-1000017-Qm4tXw7Zk2Lp9Rv',
  endpoints: bed.sandbox.endpoints.wecom,
});

describe('the check of a connection', () => {
  const check = async (slug: string) =>
    (await api('POST', `/connections/${slug}/check`)).body as {
      ok: boolean;
      checks: { name: string; ok: boolean; platformCode?: string; fix?: string }[];
    };

  it('tries what the credentials open', async () => {
    expect(await check('dingtalk')).toEqual({
      ok: true,
      checks: [
        { name: 'app-token', ok: true },
        { name: 'corp-ticket', ok: true },
        { name: 'directory', ok: true },
      ],
    });
    expect(await check('wecom-hq')).toEqual({
      ok: true,
      checks: [
        { name: 'access-token', ok: true },
        { name: 'corp-ticket', ok: true },
        { name: 'agent-ticket', ok: true },
        { name: 'directory', ok: true },
      ],
    });
  });

  it('says what is wrong, with the platform’s own code and what to do', async () => {
    await api('POST', '/connections', {
      body: { ...wecom(), secret: 'a-wrong-secret-0123456789' },
    });
    const { ok, checks } = await check('wecom-2');
    expect(ok).toBe(false);
    expect(checks).toMatchObject([
      { name: 'access-token', ok: false, code: 'platform_misconfigured', platformCode: '40001' },
    ]);
    expect(checks[0]?.fix).toMatch(/secret/i);
    expect(JSON.stringify(checks)).not.toContain('a-wrong-secret');
  });

  it('says that the platform is down', async () => {
    bed.sandbox.control.fault({ kind: 'down', on: 'qyapi.weixin.qq.com' });
    expect((await check('wecom-hq')).checks).toMatchObject([
      { name: 'access-token', ok: false, code: 'platform_unavailable' },
    ]);
  });

  it('says which address DingTalk does not let in, and where to add it', async () => {
    bed.sandbox.control.fault({ kind: 'ip-not-allowed', on: 'oapi.dingtalk.com' });
    const { ok, checks } = await check('dingtalk');
    expect(ok).toBe(false);
    expect(checks).toMatchObject([
      { name: 'app-token', ok: true },
      { name: 'corp-ticket', ok: true },
      { name: 'directory', ok: false, code: 'platform_misconfigured', platformCode: '60020' },
    ]);
    expect(checks[2]?.fix).toContain('服务器出口IP');
  });

  it('says which permission DingTalk’s directory wants', async () => {
    const app = bed.sandbox.control.dingtalk.world.corps
      .flatMap(({ apps }) => apps)
      .find(({ clientId }) => clientId === 'dingexampleappkey1');
    if (!app) throw new Error('the sandbox has no such app');
    app.permissions = app.permissions.filter((each) => each !== 'qyapi_get_member');
    expect((await check('dingtalk')).checks[2]).toMatchObject({
      name: 'directory',
      ok: false,
      code: 'platform_misconfigured',
      platformCode: '60011',
    });
  });

  it('says that DingTalk’s app has another secret', async () => {
    await api('POST', '/connections', {
      body: {
        slug: 'ding-2',
        platform: 'dingtalk',
        displayName: 'x',
        clientId: 'dingexampleappkey1',
        clientSecret: 'a-wrong-secret-0123456789',
        corpId: 'dingexamplecorp01',
        endpoints: bed.sandbox.endpoints.dingtalk,
      },
    });
    const { checks } = await check('ding-2');
    expect(checks).toMatchObject([
      { name: 'app-token', ok: false, code: 'platform_misconfigured' },
    ]);
    expect(checks[0]?.fix).toContain('clientSecret');
  });

  it('is empty for our own accounts', async () => {
    await api('POST', '/connections', {
      body: { slug: 'phone', platform: 'local', displayName: '手机' },
    });
    expect(await check('phone')).toEqual({ ok: true, checks: [] });
  });

  it('ends a refusal that is remembered', async () => {
    const signIn = async () => {
      const code = bed.sandbox.control.wecom.miniProgramCode({
        corpId: 'ww1a2b3c4d5e6f7a8b',
        agentId: 1000017,
        userid: 'wang.m',
      });
      const answer = await fetch(`${bed.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:lingpai:grant-type:platform-code',
          client_id: portal.clientId,
          client_secret: portal.clientSecret,
          connection: 'wecom-hq',
          code_type: 'mini-program',
          scope: 'openid',
          code,
        }),
      });
      return answer.status;
    };
    bed.sandbox.control.fault({
      kind: 'ip-not-allowed',
      on: 'qyapi.weixin.qq.com/cgi-bin/gettoken',
    });
    expect(await signIn()).toBe(500);
    bed.sandbox.control.clearFaults();
    const asked = () => bed.sandbox.control.callCount('qyapi.weixin.qq.com/cgi-bin/gettoken');
    const before = asked();
    expect(await signIn()).toBe(500);
    expect(asked()).toBe(before);
    expect((await check('wecom-hq')).ok).toBe(true);
    expect(await signIn()).toBe(200);
  });

  it('is audited with its outcome', async () => {
    await check('dingtalk');
    bed.sandbox.control.fault({ kind: 'down', on: 'api.dingtalk.com' });
    await check('dingtalk');
    expect(
      (await api('GET', '/audit-events?action=connection.check&connection=dingtalk&limit=2')).body,
    ).toMatchObject({
      items: [
        { outcome: 'failed', actor: 'client:admin' },
        { outcome: 'ok', actor: 'client:admin' },
      ],
    });
  });

  it('of no connection is none', async () => {
    expect((await api('POST', '/connections/nowhere/check')).status).toBe(404);
  });
});
