import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { digestOf } from './dingtalk/jsapi-verification.js';
import { startSandbox, type Sandbox } from './sandbox.js';
import { browse, json } from './testing/browse.js';
import { dingtalkAppToken } from './testing/dingtalk.js';
import { ScriptPage } from './testing/script-page.js';
import { wecomApp, wecomToken } from './testing/wecom.js';
import { signatureBy } from './wecom/jsapi-verification.js';

const { corpId, agentId } = wecomApp;
const home = 'https://portal.example.com/app?tab=1';
const jsApiList = ['scanQRCode'];

type Tell = (result: unknown) => void;
interface Wx {
  config(configured: object): void;
  ready(callback: () => void): void;
  error(callback: Tell): void;
  checkJsApi(question: object): void;
  agentConfig(configured: object): void;
}
interface Ww {
  register(options: object): void;
  ensureConfigReady(): Promise<unknown>;
  ensureCorpConfigReady(): Promise<unknown>;
}
interface Dd {
  config(configured: object): void;
  ready(callback: () => void): void;
  error(callback: Tell): void;
  checkJsApi(question: object): Promise<unknown>;
}

describe('the platforms’ scripts in miniature', () => {
  let sandbox: Sandbox;
  let page: ScriptPage;

  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.control.wecom.trustDomain(corpId, agentId, 'portal.example.com');
  });
  beforeEach(() => {
    page = new ScriptPage(`${home}#/inbox`);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const signed = { nonceStr: 'Kq8Zr2Lm', timestamp: '1767225600' };
  async function sign(call: string, url = home): Promise<object> {
    const query = `access_token=${await wecomToken(sandbox)}`;
    const { body } = await json(`${sandbox.endpoints.wecom.api}/cgi-bin/${call}${query}`);
    return { ...signed, signature: signatureBy(String(body['ticket']), { ...signed, url }) };
  }
  const asCorp = (url?: string): Promise<object> => sign('get_jsapi_ticket?', url);
  const asAgent = (url?: string): Promise<object> => sign('ticket/get?type=agent_config&', url);

  it('come as scripts, and nothing else does', async () => {
    for (const src of Object.values(sandbox.scripts) as string[]) {
      const answer = await fetch(src);
      expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      expect((await browse(`${new URL(src).origin}/res.wx.qq.com/other.js`)).status).toBe(404);
    }
  });

  describe('wx', () => {
    let wx: Wx;

    beforeEach(async () => {
      await page.load(sandbox.scripts.jweixin);
      await page.load(sandbox.scripts.jwxwork);
      wx = page.library('wx') as Wx;
    });
    const configured = (signature: object): Promise<unknown> =>
      new Promise((resolve) => {
        wx.config({ beta: true, appId: corpId, ...signature, jsApiList });
        wx.ready(() => resolve('ready'));
        wx.error(resolve);
      });
    const agentConfigured = (signature: object): Promise<unknown> =>
      new Promise((resolve) => {
        const ids = { corpid: corpId, agentid: agentId };
        wx.agentConfig({ ...ids, ...signature, jsApiList, success: resolve, fail: resolve });
      });

    it('is ready after a good config, and says what it may do', async () => {
      expect(await configured(await asCorp())).toBe('ready');
      const checked = await new Promise((resolve) =>
        wx.checkJsApi({ jsApiList: ['scanQRCode', 'chooseImage'], success: resolve }),
      );
      expect(checked).toEqual({
        checkResult: { scanQRCode: true, chooseImage: false },
        errMsg: 'checkJsApi:ok',
      });
      expect(await agentConfigured(await asAgent())).toEqual({ errMsg: 'agentConfig:ok' });
    });

    it('tells the platform’s code of a bad one', async () => {
      const error = await configured({ ...(await asCorp()), signature: 'f'.repeat(40) });
      expect(error).toMatchObject({ errCode: 40093 });
      expect((error as { errMsg: string }).errMsg).toMatch(/^config:fail, invalid signature/);
      expect(await agentConfigured(await asCorp())).toMatchObject({ errCode: 42012 });
    });

    it('wants a new signature for a new address', async () => {
      const signature = await asCorp();
      page.moveTo('https://portal.example.com/app/settings');
      expect(await configured(signature)).toMatchObject({ errCode: 40093 });
      expect(await configured(await asCorp('https://portal.example.com/app/settings'))).toBe(
        'ready',
      );
    });

    it('in an old client, keeps agentConfig until a config was taken', async () => {
      await json(`${sandbox.url}/control/wecom/client-version`, { version: '3.0.20' });
      const signature = await asAgent();
      expect(await agentConfigured(signature)).toMatchObject({ errCode: 48002 });
      await configured({ ...(await asCorp()), nonceStr: 'another' });
      expect(await agentConfigured(signature)).toMatchObject({ errCode: 48002 });
      await configured(await asCorp());
      expect(await agentConfigured(signature)).toEqual({ errMsg: 'agentConfig:ok' });
    });
  });

  describe('ww', () => {
    const told: string[] = [];
    const options = {
      corpId,
      agentId,
      jsApiList,
      getConfigSignature: (url: string) => asCorp(url),
      getAgentConfigSignature: (url: string) => asAgent(url),
      onConfigSuccess: () => told.push('config'),
      onAgentConfigSuccess: () => told.push('agentConfig'),
      onAgentConfigFail: () => told.push('refused'),
    };
    beforeEach(() => {
      told.length = 0;
    });
    const opened = async (): Promise<Ww> => {
      await page.load(sandbox.scripts.wecomJssdk);
      return page.library('ww') as Ww;
    };

    it('asks for the app’s signature alone, and again when the address has changed', async () => {
      const ww = await opened();
      ww.register(options);
      await ww.ensureConfigReady();
      await ww.ensureConfigReady();
      expect(told).toEqual(['agentConfig']);
      page.moveTo('https://portal.example.com/app/settings');
      await ww.ensureConfigReady();
      expect(told).toEqual(['agentConfig', 'agentConfig']);
      await ww.ensureCorpConfigReady();
      expect(told).toEqual(['agentConfig', 'agentConfig', 'config']);
    });

    it('in an old client, configures the company first', async () => {
      sandbox.control.wecom.settings.clientVersion = '3.0.20';
      const ww = await opened();
      ww.register(options);
      await ww.ensureConfigReady();
      expect(told).toEqual(['config', 'agentConfig']);
    });

    it('tells a refusal, and tries again when it is asked again', async () => {
      const ww = await opened();
      ww.register({ ...options, getAgentConfigSignature: () => asCorp() });
      await expect(ww.ensureConfigReady()).rejects.toMatchObject({ errCode: 42012 });
      await expect(ww.ensureConfigReady()).rejects.toMatchObject({ errCode: 42012 });
      expect(told).toEqual(['refused', 'refused']);
    });
  });

  describe('dd', () => {
    let dd: Dd;

    beforeEach(async () => {
      await page.load(sandbox.scripts.dingtalk);
      dd = page.library('dd') as Dd;
    });
    const values = { noncestr: 'nonce001', timestamp: '1700000000', url: home };
    const signature = async (): Promise<string> => {
      const { body } = await json(
        `${sandbox.endpoints.dingtalk.api}/v1.0/oauth2/jsapiTickets`,
        '',
        {
          'x-acs-dingtalk-access-token': await dingtalkAppToken(sandbox),
        },
      );
      return digestOf('sha256', { ...values, jsapi_ticket: String(body['jsapiTicket']) });
    };
    const configure = (by: string): void =>
      dd.config({
        agentId: '100000001',
        corpId: 'dingexamplecorp01',
        timeStamp: values.timestamp,
        nonceStr: values.noncestr,
        signature: by,
        jsApiList: ['runtime.info'],
      });
    const outcome = (): Promise<unknown> =>
      new Promise((resolve) => {
        dd.ready(() => resolve('ready'));
        dd.error(resolve);
      });

    it('counts the first config, for the address that the page was loaded from', async () => {
      page.moveTo('https://portal.example.com/app/settings');
      configure(await signature());
      expect(await outcome()).toBe('ready');
      expect(await dd.checkJsApi({ jsApiList: ['runtime.info', 'biz.map.view'] })).toEqual({
        'runtime.info': true,
        'biz.map.view': false,
      });
      configure('f'.repeat(64));
      const { body } = await json(`${sandbox.url}/control/calls`);
      expect(body['g.alicdn.com/sandbox/jsapi-config']).toBe(1);
      expect(await outcome()).toBe('ready');
    });

    it('tells the platform’s code of a bad one', async () => {
      await signature();
      configure('f'.repeat(64));
      expect(await outcome()).toEqual({ errorCode: 52013, errorMessage: '签名校验失败' });
    });

    it('takes the hash that the control names', async () => {
      const by = await signature();
      const { status } = await json(`${sandbox.url}/control/dingtalk/jsapi-hash`, { hash: 'md5' });
      expect(status).toBe(400);
      await json(`${sandbox.url}/control/dingtalk/jsapi-hash`, { hash: 'sha1' });
      configure(by);
      expect(await outcome()).toMatchObject({ errorCode: 52013 });
    });
  });
});
