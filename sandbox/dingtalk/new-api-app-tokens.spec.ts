import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { json, type JsonAnswer } from '../testing/browse.js';
import { dingtalkApp, dingtalkAppToken } from '../testing/dingtalk.js';

const { clientId, clientSecret, corpId } = dingtalkApp;

describe('app tokens of api.dingtalk.com', () => {
  let sandbox: Sandbox;
  let api: string;

  beforeAll(async () => {
    sandbox = await startSandbox();
    api = sandbox.endpoints.dingtalk.api;
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const appToken = (fields: object): Promise<JsonAnswer> =>
    json(`${api}/v1.0/oauth2/accessToken`, fields);

  it('gives the same token and renews it, a new one once it has run out', async () => {
    const ask = { appKey: clientId, appSecret: clientSecret };
    const first = await appToken(ask);
    expect(first.body).toMatchObject({ expireIn: 7200 });
    sandbox.control.advance(7000);
    const again = await appToken(ask);
    expect(again.body['accessToken']).toBe(first.body['accessToken']);
    sandbox.control.advance(7000);
    expect((await appToken(ask)).body['accessToken']).toBe(first.body['accessToken']);
    sandbox.control.advance(7200);
    expect((await appToken(ask)).body['accessToken']).not.toBe(first.body['accessToken']);
  });

  it('refuses bad credentials and a form', async () => {
    const wrong = await appToken({ appKey: clientId, appSecret: 'nope' });
    expect([wrong.status, wrong.body['code']]).toEqual([400, 'invalidClientIdOrSecret']);
    expect((await appToken({ appSecret: 'nope' })).body['code']).toBe('MissingappKey');
    expect((await appToken(new URLSearchParams({ appKey: clientId }))).body['code']).toBe(
      'Missingbody',
    );
  });

  it('gives a new unified token each time, in snake case, and keeps the old one', async () => {
    const ask = (): Promise<JsonAnswer> =>
      json(`${api}/v1.0/oauth2/${corpId}/token`, {
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'client_credentials',
      });
    const first = await ask();
    const second = await ask();
    expect(first.body).toMatchObject({ expires_in: 7200 });
    expect(second.body['access_token']).not.toBe(first.body['access_token']);
    const ticket = await json(`${api}/v1.0/oauth2/jsapiTickets`, '', {
      'x-acs-dingtalk-access-token': String(first.body['access_token']),
    });
    expect(ticket.status).toBe(200);
  });

  it.each([
    [400, 'invalid.client', corpId, { client_secret: 'nope' }],
    [400, 'unsupported.grant.type', corpId, { grant_type: 'authorization_code' }],
    [401, 'unauthorized.client', 'dingexamplecorp02', {}],
    [500, 'unknownError', 'dingnowhere', {}],
  ])('answers %i %s', async (status, code, corp, change) => {
    const answer = await json(`${api}/v1.0/oauth2/${corp}/token`, {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'client_credentials',
      ...change,
    });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('renews a JSAPI ticket, but never beyond a day', async () => {
    const ask = async (): Promise<JsonAnswer> =>
      json(`${api}/v1.0/oauth2/jsapiTickets`, '', {
        'x-acs-dingtalk-access-token': await dingtalkAppToken(sandbox),
      });
    const first = await ask();
    expect(first.body).toMatchObject({ expireIn: 7200 });
    for (let hours = 1; hours < 24; hours++) {
      sandbox.control.advance(3600);
      expect((await ask()).body['jsapiTicket']).toBe(first.body['jsapiTicket']);
    }
    expect(Number((await ask()).body['expireIn'])).toBeLessThanOrEqual(3600);
    sandbox.control.advance(3600);
    expect((await ask()).body['jsapiTicket']).not.toBe(first.body['jsapiTicket']);
  });
});
