import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import {
  cgi,
  pineCorp,
  redwoodCorp,
  service,
  spCorpToken,
  spLoginSuite,
  spProviderToken,
  spSuite,
  spSuiteToken,
  spTemplate,
} from '../testing/wecom-provider.js';
import type { WecomProviderControl } from './control.js';
import { ProviderIds } from './ids.js';
import { member } from './seed.js';

type Fields = Record<string, unknown>;

describe('installing', () => {
  let sandbox: Sandbox;
  let control: WecomProviderControl;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = sandbox.control.wecomProvider;
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const ask = async (
    call: string,
    body?: object,
    suite: { suiteId: string; secret: string } = spSuite,
  ): Promise<Fields> =>
    service(sandbox, `${call}?suite_access_token=${await spSuiteToken(sandbox, suite)}`, body);

  describe('set_session_info', () => {
    const info = (body: object): Promise<Fields> => ask('set_session_info', body);
    it('is of one live code of the suite', async () => {
      const { pre_auth_code } = await ask('get_pre_auth_code');
      const session_info = { auth_type: 1 };
      expect(await info({ session_info })).toMatchObject({ errcode: 40063 });
      expect(await info({ pre_auth_code })).toMatchObject({ errcode: 40063 });
      expect(await info({ pre_auth_code: 'nope', session_info })).toMatchObject({ errcode: 40077 });
      const apps = { pre_auth_code, session_info: { appid: [1] } };
      expect(await info(apps)).toMatchObject({ errcode: 40086 });
      const odd = { pre_auth_code, session_info: { auth_type: 2 } };
      expect(await info(odd)).toMatchObject({ errcode: 40058 });
      expect(await info({ data: { pre_auth_code, session_info } })).toMatchObject({
        errcode: 40063,
      });
      sandbox.control.advance(1201);
      expect(await info({ pre_auth_code, session_info })).toMatchObject({ errcode: 42007 });
    });

    it('has no codes of the app of web login', async () => {
      const refused = await ask('get_pre_auth_code', undefined, spLoginSuite);
      expect(refused).toMatchObject({ errcode: 48002 });
    });
  });

  describe('get_permanent_code', () => {
    it('gives today the code, the corp and who agreed, once', async () => {
      const { authCode, corpId, permanentCode } = await control.install(pineCorp, spSuite.suiteId, {
        state: 'order42',
      });
      expect(authCode.length).toBeGreaterThanOrEqual(64);
      const got = await ask('v2/get_permanent_code', { auth_code: authCode });
      expect(got).toMatchObject({
        permanent_code: permanentCode,
        auth_corp_info: { corpid: corpId, corp_name: '青松贸易' },
        state: 'order42',
      });
      expect(got).not.toHaveProperty('access_token');
      expect(got).not.toHaveProperty('auth_info');
      const again = await ask('v2/get_permanent_code', { auth_code: authCode });
      expect(again).toMatchObject({ errcode: 40078 });
    });

    it('gave at first a token, and the agent too', async () => {
      const { authCode, corpId } = await control.install(pineCorp, spSuite.suiteId);
      const got = await ask('get_permanent_code', { auth_code: authCode });
      expect(got).toMatchObject({
        expires_in: 7200,
        auth_corp_info: { corpid: corpId, corp_type: 'verified', subject_type: 1 },
        auth_info: { agent: [{ agentid: 1000017, is_customized_app: false, auth_mode: 0 }] },
      });
      const call = `get_jsapi_ticket?access_token=${String(got['access_token'])}`;
      expect(await cgi(sandbox, call)).toHaveProperty('ticket');
    });

    it('gives no token of a delegated app', async () => {
      const { authCode } = await control.install(redwoodCorp, spTemplate.suiteId);
      const got = await ask('get_permanent_code', { auth_code: authCode }, spTemplate);
      expect(got).toMatchObject({
        auth_corp_info: { corpid: redwoodCorp },
        auth_info: { agent: [{ is_customized_app: true }] },
      });
      expect(got).not.toHaveProperty('access_token');
    });

    it('refuses what is missing, too short, of another suite, or older than ten minutes', async () => {
      const { authCode } = await control.install(pineCorp, spSuite.suiteId);
      const exchange = (auth_code?: string, suite: { suiteId: string; secret: string } = spSuite) =>
        ask('v2/get_permanent_code', { auth_code }, suite);
      expect(await exchange()).toMatchObject({ errcode: 41008 });
      expect(await exchange(control.consoleCode(pineCorp, 'lin.qiao'))).toMatchObject({
        errcode: 40058,
      });
      expect(await exchange('x'.repeat(64))).toMatchObject({ errcode: 40078 });
      expect(await exchange(authCode, spTemplate)).toMatchObject({ errcode: 40078 });
      sandbox.control.advance(601);
      expect(await exchange(authCode)).toMatchObject({ errcode: 40078 });
    });

    it('gives the new secret for the code of a reset', async () => {
      const first = await control.install(pineCorp, spTemplate.suiteId);
      const reset = await control.resetPermanentCode(pineCorp, spTemplate.suiteId);
      expect(reset.permanentCode).not.toBe(first.permanentCode);
      const got = await ask('v2/get_permanent_code', { auth_code: reset.authCode }, spTemplate);
      expect(got).toMatchObject({
        permanent_code: reset.permanentCode,
        auth_corp_info: { corpid: first.corpId },
      });
    });

    it('names who agreed mostly, and somewhere not', async () => {
      let named = 0;
      for (let round = 0; round < 30; round++) {
        const { authCode } = await control.install(pineCorp, spSuite.suiteId);
        const got = await ask('v2/get_permanent_code', { auth_code: authCode });
        if ('auth_user_info' in got) named++;
      }
      expect(named).toBeGreaterThan(10);
      expect(named).toBeLessThan(30);
    });
  });

  describe('get_auth_info', () => {
    it('follows what the corp changes, and ends with its cancellation', async () => {
      const { corpId, permanentCode } = await control.install(pineCorp, spSuite.suiteId);
      const info = (body: object = {}, call = 'v2/get_auth_info'): Promise<Fields> =>
        ask(call, { auth_corpid: corpId, permanent_code: permanentCode, ...body });
      expect(await info()).toMatchObject({
        auth_corp_info: { corpid: corpId, corp_ex_name: { name_list: [] } },
        auth_info: { agent: [{ privilege: { allow_party: [1], allow_user: [] } }] },
      });
      expect((await info())['auth_corp_info']).not.toHaveProperty('corp_wxqrcode');
      expect((await info({}, 'get_auth_info'))['auth_corp_info']).toHaveProperty('corp_wxqrcode');
      await control.change(pineCorp, spSuite.suiteId, { visible: ['lin.qiao'] });
      const allow_user = [control.seenUserid(pineCorp, 'lin.qiao')];
      expect(await info()).toMatchObject({
        auth_info: { agent: [{ privilege: { allow_party: [], allow_user } }] },
      });
      expect(await info({ auth_corpid: undefined })).toMatchObject({ errcode: 41002 });
      expect(await info({ permanent_code: undefined })).toMatchObject({ errcode: 41025 });
      expect(await info({ permanent_code: 'nope' })).toMatchObject({ errcode: 40084 });
      await control.cancel(pineCorp, spSuite.suiteId);
      expect(await info()).toMatchObject({ errcode: 40084 });
    });

    it('of an app that is switched off still answers, but its token does not serve', async () => {
      const installed = await control.install(pineCorp, spSuite.suiteId);
      await control.change(pineCorp, spSuite.suiteId, { status: 'disabled' });
      const token = await spCorpToken(sandbox, installed);
      const call = `get_jsapi_ticket?access_token=${token}`;
      expect(await cgi(sandbox, call)).toMatchObject({ errcode: 50003 });
      await control.change(pineCorp, spSuite.suiteId, { status: 'active' });
      expect(await cgi(sandbox, call)).toHaveProperty('ticket');
    });
  });

  it('lists administrators in both ways', async () => {
    const installed = await control.install(pineCorp, spSuite.suiteId);
    const token = await spCorpToken(sandbox, installed);
    const lin = control.seenUserid(pineCorp, 'lin.qiao');
    const chen = control.seenUserid(pineCorp, 'chen.mo');
    const call = `agent/get_admin_list?access_token=${token}`;
    expect(await cgi(sandbox, call, {})).toMatchObject({
      admin: [
        { userid: lin, auth_type: 1 },
        { userid: chen, auth_type: 0 },
      ],
    });
    const old = (agentid: number, auth_corpid = installed.corpId): Promise<Fields> =>
      ask('get_admin_list', { auth_corpid, agentid });
    expect(await old(1000017)).toMatchObject({ admin: [{ open_userid: lin }, { userid: chen }] });
    const other = await control.install(pineCorp, spTemplate.suiteId);
    expect(await old(other.agentId)).toMatchObject({ errcode: 48003 });
    expect(await old(1)).toMatchObject({ errcode: 40056 });
    expect(await old(1000017, redwoodCorp)).toMatchObject({ errcode: 48004 });
    await control.change(pineCorp, spSuite.suiteId, { authMode: 1 });
    expect(await cgi(sandbox, call, {})).toMatchObject({ admin: [] });
    expect(await old(1000017)).toMatchObject({ admin: [{ userid: chen }] });
  });

  describe('ids', () => {
    const provider = async (call: string, body: object): Promise<Fields> =>
      service(sandbox, `${call}?provider_access_token=${await spProviderToken(sandbox)}`, body);

    it('differ at another provider', () => {
      const [one, other] = [new ProviderIds('ww01'), new ProviderIds('ww02')];
      const who = member('lin.qiao', '');
      expect(one.corpId(pineCorp)).toMatch(/^wp[\w-]{30}$/);
      expect(one.corpId(pineCorp)).toBe(new ProviderIds('ww01').corpId(pineCorp));
      expect(one.corpId(pineCorp)).not.toBe(other.corpId(pineCorp));
      expect(one.openUserid(pineCorp, who)).not.toBe(other.openUserid(pineCorp, who));
      expect(one.openUserid(pineCorp, who)).not.toBe(one.openUserid(redwoodCorp, who));
    });

    it('of a corp are converted once it has an app', async () => {
      const convert = (corpid?: string): Promise<Fields> =>
        provider('corpid_to_opencorpid', { corpid });
      expect(await convert()).toMatchObject({ errcode: 41002 });
      expect(await convert('ww0000000000000000')).toMatchObject({ errcode: 40013 });
      expect(await convert(pineCorp)).toMatchObject({ errcode: 48001 });
      const { corpId } = await control.install(pineCorp, spSuite.suiteId);
      expect(await convert(pineCorp.toUpperCase())).toMatchObject({ open_corpid: corpId });
    });

    it('of members are converted by an app that sees them, and back by the corp alone', async () => {
      const installed = await control.install(redwoodCorp, spSuite.suiteId, {
        visible: ['zhou.ke'],
      });
      const token = await spCorpToken(sandbox, installed);
      const to = (userid_list: unknown): Promise<Fields> =>
        cgi(sandbox, `batch/userid_to_openuserid?access_token=${token}`, { userid_list });
      const open = control.openUserid(redwoodCorp, 'zhou.ke');
      expect(await to(['zhou.ke', 'Lin.Qiao', 'nobody'])).toMatchObject({
        open_userid_list: [{ userid: 'zhou.ke', open_userid: open }],
        invalid_userid_list: ['Lin.Qiao', 'nobody'],
      });
      expect(await to(undefined)).toMatchObject({ errcode: 40063 });
      expect(await to(Array.from({ length: 1001 }, () => 'a'))).toMatchObject({ errcode: 40058 });

      const back = (by: string, source_agentid: number): Promise<Fields> =>
        cgi(sandbox, `batch/openuserid_to_userid?access_token=${by}`, {
          open_userid_list: [open, 'woNobody'],
          source_agentid,
        });
      expect(await back(token, 1000017)).toMatchObject({ errcode: 48002 });
      const secret = `exampleOwnAppSecret-${redwoodCorp}`;
      const own = await cgi(sandbox, `gettoken?corpid=${redwoodCorp}&corpsecret=${secret}`);
      const ownToken = String(own['access_token']);
      expect(await back(ownToken, 1)).toMatchObject({ errcode: 40056 });
      expect(await back(ownToken, 1000017)).toMatchObject({
        userid_list: [{ open_userid: open, userid: 'zhou.ke' }],
        invalid_open_userid_list: ['woNobody'],
      });
      const tickets = `get_jsapi_ticket?access_token=${ownToken}`;
      expect(await cgi(sandbox, tickets)).toMatchObject({ errcode: 48002 });
    });

    it('of a corp change once, by a migration', async () => {
      const { permanentCode } = await control.install(redwoodCorp, spSuite.suiteId);
      const migrate = (openid_type: unknown): Promise<Fields> =>
        provider('finish_openid_migration', { corpid: redwoodCorp, openid_type });
      expect(await migrate([2])).toMatchObject({ errcode: 40058 });
      expect(control.seenCorpId(redwoodCorp)).toBe(redwoodCorp);
      expect((await migrate([1, 3]))['errcode'] ?? 0).toBe(0);
      const corpId = control.seenCorpId(redwoodCorp);
      expect(corpId).toMatch(/^wp/);
      const token = (auth_corpid: string): Promise<Fields> =>
        ask('get_corp_token', { auth_corpid, permanent_code: permanentCode });
      expect(await token(redwoodCorp)).toMatchObject({ errcode: 40084 });
      expect(await token(corpId)).toHaveProperty('access_token');
    });

    it('of a corp that left and comes back are encrypted', async () => {
      await control.install(redwoodCorp, spSuite.suiteId);
      await control.cancel(redwoodCorp, spSuite.suiteId);
      expect((await control.install(redwoodCorp, spSuite.suiteId)).corpId).toMatch(/^wp/);
    });
  });

  it('is quick with a thousand corps', async () => {
    const corps = control.addCorps(1000);
    for (const { corpId } of corps) await control.install(corpId, spSuite.suiteId, { push: false });
    const last = corps.at(-1)!;
    const { authCode, corpId } = await control.install(last.corpId, spSuite.suiteId);
    expect(new Set(corps.map((it) => control.seenCorpId(it.corpId))).size).toBe(1000);
    const got = await ask('v2/get_permanent_code', { auth_code: authCode });
    expect(got).toMatchObject({ auth_corp_info: { corpid: corpId } });
    const started = performance.now();
    for (let round = 0; round < 20; round++) {
      await ask('get_corp_token', { auth_corpid: corpId, permanent_code: got['permanent_code'] });
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
