import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api } from '../fixtures/api.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

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

  it('of no connection is none', async () => {
    expect((await api('POST', '/connections/nowhere/check')).status).toBe(404);
  });
});
