import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { cast, delegated, openFake } from './testing/open-fake.js';

const call = 'service/finish_openid_migration';
const done = { status: 200, body: { errcode: 0, errmsg: 'ok' }, headers: {} };

describe('the end of a corp’s plain ids', () => {
  it('is said for corp and members, with the provider’s token', async () => {
    const { provider, wecom, install } = await openFake();
    await install();
    wecom.force(call, done);

    await provider.idMigration?.finish(cast.corp);

    const [sent, ...others] = wecom.sent(call);
    expect(others).toEqual([]);
    expect(sent?.url.search).toBe('?provider_access_token=provider-token-1');
    expect(sent?.json).toEqual({ corpid: cast.corp, openid_type: [1] });
  });

  it('is said for a delegated app with its agent id', async () => {
    const { provider, wecom, install } = await openFake(delegated);
    await install();
    wecom.force(call, done);

    await provider.idMigration?.finish(cast.corp);

    expect(wecom.sent(call)[0]?.json).toEqual({
      corpid: cast.corp,
      agentid: 1000017,
      openid_type: [1],
    });
  });

  it('is said for nobody who has not installed the app', async () => {
    const { provider, wecom } = await openFake();

    await expect(provider.idMigration?.finish(cast.corp)).rejects.toMatchObject({
      code: 'tenant_not_found',
    });
    expect(wecom.requests).toEqual([]);
  });
});
