import 'reflect-metadata';

import { expect, it } from '@jest/globals';

import { ok, refused } from '../wecom/testing/fake-wecom.js';
import { openFake, samples, settingsOf } from './testing/open-fake.js';
import { WecomSelfBuiltApi } from './wecom-self-built.api.js';
import { wecomSelfBuiltTokens } from './wecom-self-built.tokens.js';

it('the corp’s ticket and the app’s are two, on one token', async () => {
  const { provider, wecom } = openFake();

  expect((await (await provider.tokenSources()).corpTicket.fetch()).value).toBe(
    'kgT4ExampleTicket',
  );
  expect((await (await provider.tokenSources()).agentTicket?.fetch())?.value).toBe(
    'agentTicketEXAMPLE0001',
  );
  expect(wecom.requests.map(({ url }) => url.pathname + url.search)).toEqual([
    '/cgi-bin/gettoken?corpid=ww1a2b3c4d5e6f7a8b&corpsecret=exampleCorpSecret01',
    '/cgi-bin/get_jsapi_ticket?access_token=Zk3vQ9sNxW0aTq',
    '/cgi-bin/ticket/get?access_token=Zk3vQ9sNxW0aTq&type=agent_config',
  ]);
});

it('a ticket is tried once more with a new token', async () => {
  const { provider, wecom, tokens } = openFake();
  tokens.kept.set('wecom-access-token ww1a2b3c4d5e6f7a8b/1000017', 'stale');
  wecom.answer('get_jsapi_ticket', ({ url }) =>
    url.searchParams.get('access_token') === 'stale'
      ? refused(42001, 'access_token expired')
      : ok(samples.ticket),
  );

  expect((await (await provider.tokenSources()).corpTicket.fetch()).value).toBe(
    'kgT4ExampleTicket',
  );
});

it('the cache knows them by corp and app, never by the secret', () => {
  const { wecom, tokens } = openFake();
  const settings = settingsOf();
  const api = new WecomSelfBuiltApi(settings, wecom);
  const { access, corpTicket, agentTicket } = wecomSelfBuiltTokens(settings, api, tokens);

  expect(
    [access, corpTicket, agentTicket].map(({ kind, credential }) => [kind, credential]),
  ).toEqual([
    ['wecom-access-token', 'ww1a2b3c4d5e6f7a8b/1000017'],
    ['wecom-corp-ticket', 'ww1a2b3c4d5e6f7a8b/1000017'],
    ['wecom-agent-ticket', 'ww1a2b3c4d5e6f7a8b/1000017'],
  ]);
  expect([corpTicket.dependsOn, agentTicket.dependsOn]).toEqual([access, access]);
});
