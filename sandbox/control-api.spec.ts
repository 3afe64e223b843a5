import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from './sandbox.js';
import { browse, json, type JsonAnswer } from './testing/browse.js';
import { dingtalkAppToken, dingtalkAuthorizeUrl, dingtalkCallback } from './testing/dingtalk.js';
import { wecomApp, wecomHost, wecomToken, wecomWebUrl } from './testing/wecom.js';

describe('the control', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const GETTOKEN = 'qyapi.weixin.qq.com/cgi-bin/gettoken';
  const wecomCall = (path: string): Promise<JsonAnswer> =>
    json(`${sandbox.endpoints.wecom.api}/cgi-bin/${path}`);
  const post = (path: string, body: object = {}): Promise<JsonAnswer> =>
    json(`${sandbox.url}/control/${path}`, body);
  const anyone = { userid: 'manager0042' };

  describe('faults', () => {
    it('word a refusal as each host does', async () => {
      const { dingtalk } = sandbox.endpoints;
      const wecom = await wecomToken(sandbox);
      const ding = await dingtalkAppToken(sandbox);
      const answers = async (): Promise<unknown[]> => {
        const qyapi = await wecomCall(`user/get?access_token=${wecom}&userid=wang.m`);
        const topapi = await json(
          `${dingtalk.oapi}/topapi/v2/user/get?access_token=${ding}`,
          anyone,
        );
        const oapi = await json(`${dingtalk.oapi}/get_jsapi_ticket?access_token=${ding}`);
        const api = await json(`${dingtalk.api}/v1.0/oauth2/jsapiTickets`, '', {
          'x-acs-dingtalk-access-token': ding,
        });
        return [
          qyapi.body['errcode'] ?? 0,
          [topapi.body['errcode'], topapi.body['sub_code']],
          oapi.body['errcode'],
          [api.status, api.body['code']],
        ];
      };

      sandbox.control.fault({ kind: 'busy' });
      expect(await answers()).toEqual([-1, [-1, undefined], -1, [500, 'systemBusy']]);
      sandbox.control.clearFaults();
      sandbox.control.fault({ kind: 'rate-limit' });
      expect(await answers()).toEqual([
        45009,
        [88, '90018'],
        90018,
        [403, 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi'],
      ]);
      sandbox.control.clearFaults();
      sandbox.control.fault({ kind: 'token-invalid' });
      expect(await answers()).toEqual([
        40014,
        [88, '40014'],
        40014,
        [400, 'InvalidAuthentication'],
      ]);
      sandbox.control.clearFaults();
      sandbox.control.fault({ kind: 'ip-not-allowed' });
      expect(await answers()).toEqual([
        60020,
        [88, '60020'],
        60020,
        [403, 'Forbidden.AccessDenied.IpNotInWhiteList'],
      ]);
      sandbox.control.clearFaults();
      expect(await answers()).toEqual([0, [0, undefined], 0, [200, undefined]]);
    });

    it('strike one call, so many times', async () => {
      sandbox.control.fault({ kind: 'busy', on: GETTOKEN, times: 2 });
      const query = `gettoken?corpid=${wecomApp.corpId}&corpsecret=${wecomApp.secret}`;
      expect((await wecomCall('user/get')).body['errcode']).toBe(41001);
      expect((await wecomCall(query)).body['errcode']).toBe(-1);
      expect((await wecomCall(query)).body['errcode']).toBe(-1);
      expect((await wecomCall(query)).body).toHaveProperty('access_token');
      expect(sandbox.control.faults()).toEqual([]);
    });

    it('strike one host and are cleared by its name', async () => {
      sandbox.control.fault({ kind: 'busy', on: 'qyapi.weixin.qq.com' });
      sandbox.control.fault({ kind: 'busy', on: 'oapi.dingtalk.com' });
      sandbox.control.clearFaults('qyapi.weixin.qq.com');
      expect((await wecomCall('gettoken')).body['errcode']).toBe(41004);
      expect((await json(`${sandbox.endpoints.dingtalk.oapi}/gettoken`)).body['errcode']).toBe(-1);
    });

    it('spare the token call where the platform does, unless it is named', async () => {
      sandbox.control.fault({ kind: 'ip-not-allowed', on: 'qyapi.weixin.qq.com' });
      sandbox.control.fault({ kind: 'token-invalid', on: GETTOKEN });
      expect((await wecomCall('gettoken')).body['errcode']).toBe(41004);
      sandbox.control.fault({ kind: 'ip-not-allowed', on: GETTOKEN });
      expect((await wecomCall('gettoken')).body['errcode']).toBe(60020);
    });

    it('delay an answer', async () => {
      sandbox.control.fault({ kind: 'slow', on: GETTOKEN, delayMs: 120 });
      const before = performance.now();
      await wecomCall('gettoken');
      expect(performance.now() - before).toBeGreaterThanOrEqual(115);
    });

    it('break the connection, before the call or after it', async () => {
      const query = `gettoken?corpid=${wecomApp.corpId}&corpsecret=${wecomApp.secret}`;
      sandbox.control.fault({ kind: 'down', on: GETTOKEN, times: 1 });
      await expect(wecomCall(query)).rejects.toThrow();
      sandbox.control.fault({ kind: 'lost', on: GETTOKEN, times: 1 });
      await expect(wecomCall(query)).rejects.toThrow();
      expect((await wecomCall(query)).body).toHaveProperty('access_token');
      expect(sandbox.control.requests().map(({ outcome }) => outcome)).toEqual([
        'down',
        'lost',
        'ok',
      ]);
    });

    it('carry the call out when only its answer is lost', async () => {
      const code = sandbox.control.dingtalk.inAppCode({
        clientId: 'dingexampleappkey1',
        corpId: 'dingexamplecorp01',
        userid: 'manager0042',
      });
      const token = await dingtalkAppToken(sandbox);
      const url = `${sandbox.endpoints.dingtalk.oapi}/topapi/v2/user/getuserinfo?access_token=${token}`;
      sandbox.control.fault({
        kind: 'lost',
        on: 'oapi.dingtalk.com/topapi/v2/user/getuserinfo',
        times: 1,
      });
      await expect(json(url, { code })).rejects.toThrow();
      expect((await json(url, { code })).body['errcode']).toBe(40078);
    });

    it('send an HTML page, or half a JSON', async () => {
      sandbox.control.fault({ kind: 'html', on: GETTOKEN, times: 1 });
      const page = await wecomCall('gettoken');
      expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html']);
      expect(page.text).toContain('<h1>502 Bad Gateway</h1>');
      sandbox.control.fault({ kind: 'half-json', on: GETTOKEN, times: 1 });
      const half = await wecomCall('gettoken');
      expect(half.status).toBe(200);
      expect(half.text).toMatch(/^\{"/);
      expect(() => JSON.parse(half.text) as unknown).toThrow();
    });

    it('reach the pages too, as far as a page can fail', async () => {
      sandbox.control.wecom.trustDomain(wecomApp.corpId, wecomApp.agentId, wecomHost);
      sandbox.control.fault({ kind: 'busy' });
      expect((await browse(wecomWebUrl(sandbox))).status).toBe(200);
      sandbox.control.fault({ kind: 'html', on: 'login.work.weixin.qq.com' });
      expect((await browse(wecomWebUrl(sandbox))).status).toBe(502);
    });
  });

  it('counts and logs calls by their documented address, without anything secret', async () => {
    const token = await wecomToken(sandbox);
    await wecomCall(`user/get?access_token=${token}&userid=nobody`);
    await json(`${sandbox.endpoints.dingtalk.api}/v1.0/contact/users/me`);
    await json(`${sandbox.endpoints.dingtalk.api}/v1.0/secret-in-path`);
    expect(sandbox.control.calls()).toEqual({
      [GETTOKEN]: 1,
      'qyapi.weixin.qq.com/cgi-bin/user/get': 1,
      'api.dingtalk.com/v1.0/contact/users/{unionId}': 1,
      'api.dingtalk.com/(unknown)': 1,
    });
    expect(sandbox.control.callCount(GETTOKEN)).toBe(1);
    const log = await json(`${sandbox.url}/control/requests`);
    expect(log.body['items']).toMatchObject([
      { method: 'GET', call: GETTOKEN, status: 200, outcome: 'ok', at: expect.any(String) },
      { call: 'qyapi.weixin.qq.com/cgi-bin/user/get', outcome: '60111' },
      { status: 400, outcome: 'AuthenticationFailed.MissingParameter' },
      { status: 404 },
    ]);
    expect(log.text).not.toContain(token);
    expect(log.text).not.toContain(wecomApp.secret);
    expect(log.text).not.toContain('secret-in-path');
  });

  it('resets everything but what was registered', async () => {
    const { control } = sandbox;
    control.dingtalk.registerRedirect('dingexampleappkey1', dingtalkCallback);
    const token = await wecomToken(sandbox);
    control.advance(1000);
    control.fault({ kind: 'busy' });
    control.dingtalk.world.corps = [];
    control.wecom.settings.expiredTokenCode = 40014;
    control.reset();
    expect(control.faults()).toEqual([]);
    expect(control.calls()).toEqual({});
    expect(Math.abs(control.now().getTime() - Date.now())).toBeLessThan(1000);
    expect(control.wecom.settings.expiredTokenCode).toBe(42001);
    expect((await wecomCall(`user/get?access_token=${token}`)).body['errcode']).toBe(40014);
    expect((await browse(dingtalkAuthorizeUrl(sandbox))).status).toBe(200);
  });

  it('does over HTTP what it does in the program', async () => {
    await post('advance', { seconds: 3600 });
    expect(sandbox.control.now().getTime()).toBeGreaterThan(Date.now() + 3_599_000);
    await post('faults', { kind: 'slow', on: GETTOKEN, delayMs: 5, times: 2 });
    expect(sandbox.control.faults()).toEqual([
      { kind: 'slow', on: GETTOKEN, delayMs: 5, times: 2 },
    ]);
    const cleared = await fetch(`${sandbox.url}/control/faults`, { method: 'DELETE' });
    expect(await cleared.json()).toEqual({ faults: [] });

    const url = 'https://added.example.com/cb';
    await post('dingtalk/redirects', { clientId: 'dingexampleappkey1', url });
    expect((await browse(dingtalkAuthorizeUrl(sandbox, { redirect_uri: url }))).status).toBe(200);
    const { corpId, agentId } = wecomApp;
    await post('wecom/trusted-domains', { corpId, agentId, host: 'added.example.com' });
    expect((await browse(wecomWebUrl(sandbox, { redirect_uri: url }))).status).toBe(200);

    const token = await wecomToken(sandbox);
    await post('wecom/invalidate-tokens', { corpId, agentId });
    expect((await wecomCall(`user/get?access_token=${token}`)).body['errcode']).toBe(40014);
    const state = await json(`${sandbox.url}/control/state`);
    expect(state.body).toMatchObject({ calls: { [GETTOKEN]: 1 }, faults: [] });
    await post('reset');
    expect((await json(`${sandbox.url}/control/calls`)).body).toEqual({});
  });

  it.each([
    ['advance', {}, 'seconds is missing'],
    ['advance', { seconds: 'soon' }, 'seconds is not a number'],
    ['faults', { kind: 'earthquake' }, 'kind must be one of'],
    ['wecom/client-user', { corpId: 'x' }, 'id is missing'],
  ])('answers 400 to a faulty %s', async (path, body, message) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.body['error']).toContain(message);
  });

  it('obeys no page of another site', async () => {
    const response = await json(
      `${sandbox.url}/control/reset`,
      {},
      {
        'sec-fetch-site': 'cross-site',
      },
    );
    expect(response.status).toBe(403);
  });

  it('has a page whose forms lead back to it', async () => {
    expect((await browse(sandbox.url)).location).toBe('/control');
    sandbox.control.wecom.world.corps[0]!.members[1]!.name = '王敏 <&"\'>';
    const page = await browse(`${sandbox.url}/control`);
    expect(page.text).toContain('SANDBOX');
    expect(page.text).toContain('王敏 &lt;&amp;&quot;&#39;&gt;');
    const form = await json(
      `${sandbox.url}/control/advance`,
      new URLSearchParams({ seconds: '60' }),
    );
    expect([form.status, form.headers.get('location')]).toEqual([303, '/control']);
  });

  it("gives a browser test the code that DingTalk's client would", async () => {
    const url = `${sandbox.endpoints.dingtalk.oapi}/sandbox/in-app-code`;
    const answer = await json(
      `${url}?clientId=dingexampleappkey1&corpId=dingexamplecorp01&userid=user0077`,
    );
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const token = await dingtalkAppToken(sandbox);
    const who = await json(
      `${sandbox.endpoints.dingtalk.oapi}/topapi/v2/user/getuserinfo?access_token=${token}`,
      { code: answer.body['code'] },
    );
    expect(who.body).toMatchObject({ result: { userid: 'user0077' } });
    expect((await json(url)).status).toBe(400);
  });
});
