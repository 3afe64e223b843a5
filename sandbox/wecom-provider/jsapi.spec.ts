import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { getJsApiSignature } from '@wecom/crypto';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { json } from '../testing/browse.js';
import { cgi, pineCorp, spCorpToken, spHost, spSuite } from '../testing/wecom-provider.js';

describe("a page's signature in a customer corp", () => {
  let sandbox: Sandbox;
  const url = `https://${spHost}/app?x=1`;

  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.control.wecomProvider.trustDomain(spHost);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const signed = (ticket: unknown, more: object): Record<string, unknown> => {
    const { timestamp, nonceStr, signature } = getJsApiSignature({ ticket: String(ticket), url });
    return { timestamp, nonceStr, signature, jsApiList: ['getContext'], ...more };
  };

  it('is good by the ticket of its corp, and of its app', async () => {
    const control = sandbox.control.wecomProvider;
    const installed = await control.install(pineCorp, spSuite.suiteId);
    const token = await spCorpToken(sandbox, installed);
    const corp = (await cgi(sandbox, `get_jsapi_ticket?access_token=${token}`))['ticket'];
    const app = (await cgi(sandbox, `ticket/get?access_token=${token}&type=agent_config`))[
      'ticket'
    ];
    const agent = { corpid: installed.corpId, agentid: installed.agentId };
    const verify = (call: 'config' | 'agentConfig', configured: Record<string, unknown>): number =>
      control.verifyJsapi(call, { configured, url, hasConfig: true });
    expect(verify('config', signed(corp, { appId: installed.corpId }))).toBe(0);
    expect(verify('agentConfig', signed(app, agent))).toBe(0);
    expect(verify('config', signed(app, { appId: installed.corpId }))).toBe(42012);
    expect(verify('agentConfig', signed('nope', agent))).toBe(40093);
    expect(verify('config', signed(corp, { appId: pineCorp }))).toBe(40013);
    expect(verify('agentConfig', signed(app, { ...agent, agentid: 1 }))).toBe(40056);

    const posted = await json(`${sandbox.endpoints.wecom.openWork}/sandbox/jsapi/agentConfig`, {
      configured: signed(app, agent),
      url,
      hasConfig: true,
    });
    expect(posted.body['errcode'] ?? 0).toBe(0);
    expect(posted.headers.get('access-control-allow-origin')).toBe('*');
    sandbox.control.advance(7201);
    expect(verify('config', signed(corp, { appId: installed.corpId }))).toBe(40093);
  });

  it('is not good anywhere else, and its tickets want the corp token alone', async () => {
    const control = sandbox.control.wecomProvider;
    const installed = await control.install(pineCorp, spSuite.suiteId);
    const token = await spCorpToken(sandbox, installed);
    const call = `get_jsapi_ticket?access_token=${token}`;
    expect(await cgi(sandbox, `${call}&suite_access_token=x`)).toMatchObject({ errcode: 40014 });
    expect(await cgi(sandbox, `${call}&type=jsapi`)).toMatchObject({ errcode: 91040 });
    expect(await cgi(sandbox, `ticket/get?access_token=${token}`)).toMatchObject({
      errcode: 91040,
    });
    const { ticket } = await cgi(sandbox, call);
    const configured = signed(ticket, { appId: installed.corpId });
    const elsewhere = { configured, url: 'https://evil.test/', hasConfig: false };
    expect(control.verifyJsapi('config', elsewhere)).toBe(85005);
  });
});
