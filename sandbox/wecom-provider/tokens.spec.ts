import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { json } from '../testing/browse.js';
import {
  cgi,
  pineCorp,
  redwoodCorp,
  service,
  spCorpToken,
  spLoginSuite,
  spProvider,
  spProviderToken,
  spSuite,
  spSuiteToken,
  spTemplate,
} from '../testing/wecom-provider.js';
import type { WecomProviderControl } from './control.js';
import { ProviderIds } from './ids.js';

describe("the provider's tokens", () => {
  let sandbox: Sandbox;
  let control: WecomProviderControl;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = sandbox.control.wecomProvider;
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  describe('get_provider_token', () => {
    const good = { corpid: spProvider.corpId, provider_secret: spProvider.secret };
    it.each([
      [{}, 41002],
      [{ corpid: good.corpid }, 41004],
      [{ ...good, corpid: pineCorp }, 40013],
      [{ ...good, provider_secret: spSuite.secret }, 40001],
    ])('answers %j with %i', async (body, errcode) => {
      expect((await service(sandbox, 'get_provider_token', body))['errcode']).toBe(errcode);
    });

    it('reads no form, and no broken JSON', async () => {
      const url = `${sandbox.endpoints.wecom.api}/cgi-bin/service/get_provider_token`;
      expect((await json(url, new URLSearchParams(good))).body['errcode']).toBe(41002);
      expect((await json(url, '{"corpid"')).body['errcode']).toBe(47001);
      expect((await json(url)).body['errcode']).toBe(40063);
    });

    it('gives the same token for two hours', async () => {
      const first = await spProviderToken(sandbox);
      sandbox.control.advance(7190);
      expect(await spProviderToken(sandbox)).toBe(first);
      sandbox.control.advance(11);
      expect(await spProviderToken(sandbox)).not.toBe(first);
    });

    it('is refused from an address that is not listed', async () => {
      control.world.provider.trustedIps = ['203.0.113.*', '127.0.0.2'];
      expect((await service(sandbox, 'get_provider_token', good))['errcode']).toBe(60020);
      control.world.provider.trustedIps = ['127.0.0.*'];
      expect(await service(sandbox, 'get_provider_token', good)).toHaveProperty(
        'provider_access_token',
      );
    });
  });

  describe('get_suite_token', () => {
    const body = (changes: object = {}): object => ({
      suite_id: spSuite.suiteId,
      suite_secret: spSuite.secret,
      suite_ticket: control.issueTicket(spSuite.suiteId),
      ...changes,
    });
    const ask = async (changes?: object): Promise<unknown> =>
      (await service(sandbox, 'get_suite_token', body(changes)))['errcode'];

    it('names what is missing, then what is wrong', async () => {
      expect(await ask({ suite_id: undefined })).toBe(41021);
      expect(await ask({ suite_secret: undefined })).toBe(41024);
      expect(await ask({ suite_ticket: undefined })).toBe(41023);
      expect(await ask({ suite_id: 'ww0000000000000000' })).toBe(40083);
      expect(await ask({ suite_secret: spTemplate.secret })).toBe(40080);
      expect(await ask({ suite_ticket: 'nope' })).toBe(40085);
      control.world.provider.trustedIps = ['203.0.113.7'];
      expect(await ask()).toBe(60020);
    });

    it("takes the suite's own tickets only, older ones too, for thirty minutes", async () => {
      expect(await ask({ suite_ticket: control.issueTicket(spLoginSuite.suiteId) })).toBe(40085);
      const old = control.issueTicket(spSuite.suiteId);
      sandbox.control.advance(1790);
      control.issueTicket(spSuite.suiteId);
      const taken = await service(sandbox, 'get_suite_token', body({ suite_ticket: old }));
      expect(taken).toMatchObject({ expires_in: 7200 });
      sandbox.control.advance(11);
      expect(await ask({ suite_ticket: old })).toBe(40085);
    });

    it('gives the same token again, or a new one beside the old', async () => {
      const first = await spSuiteToken(sandbox);
      expect(await spSuiteToken(sandbox)).toBe(first);
      control.settings.repeatedSuiteToken = 'new';
      expect(await spSuiteToken(sandbox)).not.toBe(first);
      const call = `get_pre_auth_code?suite_access_token=${first}`;
      expect(await service(sandbox, call)).toHaveProperty('pre_auth_code');
    });
  });

  it('are told apart: 41022, 40082, 42009 for a suite, 41001, 40082 for the provider', async () => {
    const token = await spSuiteToken(sandbox);
    const provider = await spProviderToken(sandbox);
    const suiteCall = async (query: string): Promise<unknown> =>
      (await service(sandbox, `get_pre_auth_code${query}`))['errcode'];
    expect(await suiteCall('')).toBe(41022);
    expect(await suiteCall(`?access_token=${token}`)).toBe(41022);
    expect(await suiteCall(`?suite_access_token=${provider}`)).toBe(40082);
    const providerCall = async (query: string): Promise<unknown> =>
      (await service(sandbox, `corpid_to_opencorpid${query}`, { corpid: pineCorp }))['errcode'];
    expect(await providerCall(`?access_token=${provider}`)).toBe(41001);
    expect(await providerCall(`?provider_access_token=${token}`)).toBe(40082);
    const login = async (query: string): Promise<unknown> =>
      (await service(sandbox, `get_login_info${query}`, {}))['errcode'];
    expect(await login('')).toBe(41001);
    expect(await login(`?provider_access_token=${provider}`)).toBe(41001);
    expect(await login(`?access_token=${token}`)).toBe(40082);
    expect(await login(`?access_token=${provider}&suite_access_token=${token}`)).toBe(40085);
    expect(await login(`?access_token=${provider}`)).toBe(41008);
    sandbox.control.advance(7201);
    expect(await suiteCall(`?suite_access_token=${token}`)).toBe(42009);
    expect(await providerCall(`?provider_access_token=${provider}`)).toBe(40082);
  });

  it('serve listed addresses only', async () => {
    const suite = await spSuiteToken(sandbox);
    const provider = await spProviderToken(sandbox);
    const corp = await spCorpToken(sandbox, await control.install(pineCorp, spSuite.suiteId));
    control.world.provider.trustedIps = ['203.0.113.*'];
    expect(await service(sandbox, `get_pre_auth_code?suite_access_token=${suite}`)).toMatchObject({
      errcode: 60020,
      errmsg: expect.stringContaining('127.0.0.1'),
    });
    const login = `get_login_info?access_token=${provider}`;
    expect(await service(sandbox, login, {})).toMatchObject({ errcode: 60020 });
    const ticket = `get_jsapi_ticket?access_token=${corp}`;
    expect(await cgi(sandbox, ticket)).toMatchObject({ errcode: 60020 });
  });

  it('are forgotten by a reset, but for tickets', async () => {
    const token = await spSuiteToken(sandbox);
    const suite_ticket = control.issueTicket(spSuite.suiteId);
    sandbox.control.reset();
    expect(await service(sandbox, `get_pre_auth_code?suite_access_token=${token}`)).toMatchObject({
      errcode: 40082,
    });
    const body = { suite_id: spSuite.suiteId, suite_secret: spSuite.secret, suite_ticket };
    expect(await service(sandbox, 'get_suite_token', body)).toHaveProperty('suite_access_token');
  });

  it('meet the faults of a tester in their own words', async () => {
    const token = await spSuiteToken(sandbox);
    const ask = async (): Promise<unknown> =>
      (await service(sandbox, `get_pre_auth_code?suite_access_token=${token}`))['errcode'];
    sandbox.control.fault({ kind: 'token-invalid', times: 1 });
    expect(await ask()).toBe(40082);
    sandbox.control.fault({ kind: 'ip-not-allowed', times: 1 });
    expect(await ask()).toBe(60020);
    control.invalidateTokens('suite');
    expect(await ask()).toBe(40082);
  });

  describe('of a corp', () => {
    it('come by get_corp_token for a third-party app', async () => {
      const installed = await control.install(pineCorp, spSuite.suiteId);
      const token = await spSuiteToken(sandbox);
      const good = { auth_corpid: installed.corpId, permanent_code: installed.permanentCode };
      const ask = (body: object, as = token): Promise<Record<string, unknown>> =>
        service(sandbox, `get_corp_token?suite_access_token=${as}`, body);
      expect(await ask(good)).toMatchObject({ expires_in: 7200 });
      expect(await ask({ ...good, auth_corpid: undefined })).toMatchObject({ errcode: 41002 });
      expect(await ask({ ...good, permanent_code: undefined })).toMatchObject({ errcode: 41025 });
      expect(await ask({ ...good, permanent_code: 'nope' })).toMatchObject({ errcode: 40084 });
      expect(await ask({ ...good, auth_corpid: pineCorp })).toMatchObject({ errcode: 40084 });
      const template = await spSuiteToken(sandbox, spTemplate);
      expect(await ask(good, template)).toMatchObject({ errcode: 48002 });
      const login = await spSuiteToken(sandbox, spLoginSuite);
      expect(await ask(good, login)).toMatchObject({ errcode: 40084 });
    });

    it('come by gettoken for a delegated app, with the permanent code as secret', async () => {
      const installed = await control.install(pineCorp, spTemplate.suiteId);
      const third = await control.install(pineCorp, spSuite.suiteId);
      const ask = async (query: string): Promise<unknown> =>
        (await cgi(sandbox, `gettoken?${query}`))['errcode'] ?? 0;
      const secret = installed.permanentCode;
      expect(await ask(`corpid=${installed.corpId}&corpsecret=${secret}`)).toBe(0);
      expect(await ask(`corpid=${installed.corpId}`)).toBe(41004);
      expect(await ask(`corpid=${pineCorp}&corpsecret=${secret}`)).toBe(40013);
      expect(await ask(`corpid=${installed.corpId.toLowerCase()}&corpsecret=${secret}`)).toBe(
        40013,
      );
      expect(await ask(`corpid=${installed.corpId}&corpsecret=nope`)).toBe(40001);
      const thirdCode = third.permanentCode;
      expect(await ask(`corpid=${installed.corpId}&corpsecret=${thirdCode}`)).toBe(40001);
      control.settings.badSecretCode = 40091;
      expect(await ask(`corpid=${installed.corpId}&corpsecret=nope`)).toBe(40091);
    });

    it('die with a cancellation, whose code is 40084 or 48004', async () => {
      const installed = await control.install(pineCorp, spSuite.suiteId);
      const token = await spCorpToken(sandbox, installed);
      const call = `get_jsapi_ticket?access_token=${token}`;
      expect(await cgi(sandbox, call)).toHaveProperty('ticket');
      await control.cancel(pineCorp, spSuite.suiteId);
      expect(await cgi(sandbox, call)).toMatchObject({ errcode: 40014 });
      const again = async (): Promise<unknown> =>
        (
          await service(
            sandbox,
            `get_corp_token?suite_access_token=${await spSuiteToken(sandbox)}`,
            { auth_corpid: installed.corpId, permanent_code: installed.permanentCode },
          )
        )['errcode'];
      expect(await again()).toBe(40084);
      control.settings.cancelledCode = 48004;
      expect(await again()).toBe(48004);
    });

    it('do not come back with the corp', async () => {
      const installed = await control.install(pineCorp, spSuite.suiteId);
      const token = await spCorpToken(sandbox, installed);
      await control.cancel(pineCorp, spSuite.suiteId);
      const again = await control.install(pineCorp, spSuite.suiteId);
      expect(again.permanentCode).not.toBe(installed.permanentCode);
      const call = `get_jsapi_ticket?access_token=${token}`;
      expect(await cgi(sandbox, call)).toMatchObject({ errcode: 40014 });
    });

    it('want the form of the corp id that is seen, and an app that is switched on', async () => {
      const installed = await control.install(redwoodCorp, spTemplate.suiteId);
      const ask = (corpId: string): Promise<Record<string, unknown>> =>
        cgi(sandbox, `gettoken?corpid=${corpId}&corpsecret=${installed.permanentCode}`);
      expect(await ask(redwoodCorp)).toHaveProperty('access_token');
      await control.change(redwoodCorp, spTemplate.suiteId, { status: 'disabled' });
      expect(await ask(redwoodCorp)).toMatchObject({ errcode: 40001 });
      await control.change(redwoodCorp, spTemplate.suiteId, { status: 'active' });
      const encrypted = new ProviderIds(spProvider.corpId).corpId(redwoodCorp);
      expect(await ask(encrypted)).toMatchObject({ errcode: 40013 });
    });

    it('expire with 42001, and stop with a delegated secret that is reset', async () => {
      const installed = await control.install(redwoodCorp, spTemplate.suiteId);
      expect(installed.corpId).toBe(redwoodCorp);
      const token = await spCorpToken(sandbox, installed, spTemplate);
      sandbox.control.advance(7201);
      const call = `get_jsapi_ticket?access_token=${token}`;
      expect(await cgi(sandbox, call)).toMatchObject({ errcode: 42001 });
      const reset = await control.resetPermanentCode(redwoodCorp, spTemplate.suiteId);
      const withSecret = (secret: string): Promise<Record<string, unknown>> =>
        cgi(sandbox, `gettoken?corpid=${redwoodCorp}&corpsecret=${secret}`);
      expect(await withSecret(installed.permanentCode)).toMatchObject({ errcode: 40001 });
      expect(await withSecret(reset.permanentCode)).toHaveProperty('access_token');
    });

    it('leave self-built apps as they were', async () => {
      const selfBuilt = await cgi(
        sandbox,
        'gettoken?corpid=ww1a2b3c4d5e6f7a8b&corpsecret=exampleWecomSecret-1000017-Qm4tXw7Zk2Lp9Rv',
      );
      const token = String(selfBuilt['access_token']);
      expect(await cgi(sandbox, `user/get?access_token=${token}&userid=wang.m`)).toMatchObject({
        name: '王敏',
      });
      expect(await cgi(sandbox, 'user/get')).toMatchObject({ errcode: 41001 });
      expect(await cgi(sandbox, 'user/get?access_token=nope')).toMatchObject({ errcode: 40014 });
      const suite = await spSuiteToken(sandbox);
      expect(await cgi(sandbox, `get_jsapi_ticket?access_token=${suite}`)).toMatchObject({
        errcode: 40014,
      });
    });
  });
});
