import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { cast, delegated, openFake } from './testing/open-fake.js';

describe('a page', () => {
  it('is signed with the corp’s ticket, or with the app’s there', async () => {
    const { provider, install } = await openFake();
    await install();
    const page = { url: 'https://portal.example.com/', tenant: cast.corp };

    expect(await provider.jsapi.sign({ ...page, ticket: 'corp' })).toEqual({
      beta: true,
      appId: 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
      timestamp: 1767225600,
      nonceStr: expect.stringMatching(/^\w{16}$/),
      signature: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(await provider.jsapi.sign({ ...page, ticket: 'agent' })).toMatchObject({
      corpid: 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
      agentid: '1000017',
    });
  });

  it('is signed for an active corp alone', async () => {
    const { provider, install, installations, tokens } = await openFake();
    await install();
    const page = { url: 'https://portal.example.com/', ticket: 'corp' } as const;
    await provider.jsapi.sign({ ...page, tenant: cast.corp });
    await installations.cancel(cast.corp);

    expect(tokens.kept.size).toBeGreaterThan(0);
    await expect(provider.jsapi.sign({ ...page, tenant: cast.corp })).rejects.toMatchObject({
      code: 'tenant_not_allowed',
    });
    await expect(provider.jsapi.sign({ ...page, tenant: 'wpUnknown' })).rejects.toMatchObject({
      code: 'tenant_not_found',
    });
    await expect(provider.jsapi.sign(page)).rejects.toMatchObject({ code: 'value_not_allowed' });
  });
});

describe('an identity that an administrator writes down', () => {
  it('is named as a sign-in would, case kept', async () => {
    const { provider } = await openFake();

    expect(provider.nameIdentity({ subject: 'woSimUAAAAe5J', tenant: 'wpSimC' })).toEqual({
      issuer: 'wecom-sp:ww9f3c1a7be20d4651:wpSimC',
      subject: 'woSimUAAAAe5J',
      tenant: 'wpSimC',
    });
  });

  it.each([
    [{ subject: 'lin' }, 'tenant'],
    [{ subject: 'lin', tenant: 'w:p' }, 'tenant'],
    [{ subject: 'corp/lin', tenant: 'wpSimC' }, 'subject'],
    [{ subject: '', tenant: 'wpSimC' }, 'subject'],
  ])('as %j is refused for its %s', async (entry, field) => {
    const { provider } = await openFake();

    expect(() => provider.nameIdentity(entry)).toThrow(
      expect.objectContaining({
        code: 'value_not_allowed',
        errors: [expect.objectContaining({ field })],
      }),
    );
  });

  it('may be given to another where it does not look encrypted', async () => {
    const { provider } = await openFake();

    expect(provider.reusesSubject('lin.qiao')).toBe(true);
    expect(provider.reusesSubject('wo.lin')).toBe(true);
    expect(provider.reusesSubject(cast.member)).toBe(false);
  });
});

describe('a change of a corp’s ids', () => {
  it('is followed: the corp’s', async () => {
    const { provider, wecom } = await openFake();

    expect(await provider.idMigration?.tenant('wwcust')).toEqual({
      tenant: 'wpSimC1',
      fromIssuer: 'wecom-sp:ww9f3c1a7be20d4651:wwcust',
      toIssuer: 'wecom-sp:ww9f3c1a7be20d4651:wpSimC1',
    });
    expect(wecom.requests[1]?.url.search).toBe('?provider_access_token=provider-token-1');
    await expect(provider.idMigration?.tenant('wwother')).rejects.toMatchObject({
      code: 'platform_misconfigured',
      operator: { platformCode: '48001' },
    });
  });

  it('is followed: its people’s, each asked for once', async () => {
    const { provider, wecom, install } = await openFake();
    await install();

    expect(await provider.idMigration?.people(cast.corp, ['zhang', 'nobody', 'zhang'])).toEqual(
      new Map([['zhang', 'woSim-zhang']]),
    );
    expect(wecom.sent('batch/userid_to_openuserid')[0]?.json).toEqual({
      userid_list: ['zhang', 'nobody'],
    });
  });

  it('is asked for nobody, or for more than WeCom takes, without a call', async () => {
    const { provider, wecom } = await openFake();
    const many = Array.from({ length: 1001 }, (_, index) => `u${index}`);

    expect(await provider.idMigration?.people(cast.corp, [])).toEqual(new Map());
    await expect(provider.idMigration?.people(cast.corp, many)).rejects.toMatchObject({
      code: 'request_invalid',
    });
    expect(wecom.requests).toEqual([]);
  });
});

describe('a check', () => {
  it('tries the provider, both suites, and a few corps, past what is remembered', async () => {
    const { provider, wecom, install, tokens } = await openFake();
    for (const corpId of ['wpA001', 'wpB001', 'wpC001', 'wpD001']) await install({ corpId });

    expect(await provider.check()).toEqual([
      { name: 'provider-token', ok: true },
      { name: 'suite-ticket', ok: true },
      { name: 'suite-token', ok: true },
      { name: 'login-suite-ticket', ok: true },
      { name: 'login-suite-token', ok: true },
      { name: 'corp-token wpA001', ok: true },
      { name: 'corp-token wpB001', ok: true },
      { name: 'corp-token wpC001', ok: true },
    ]);
    expect(wecom.requests.every(({ anew }) => anew)).toBe(true);
    expect(tokens.forgotten.slice(0, 3)).toEqual([
      'wecom-provider-token ww9f3c1a7be20d4651',
      'wecom-suite-token ww2b7d60e1f4c8a935',
      'wecom-suite-token ww71ac05de94b3f862',
    ]);
    expect(tokens.kept.size).toBe(0);
  });

  it('says which ticket is missing, and asks nothing that needs it', async () => {
    const { provider, wecom, install, clock } = await openFake();
    await install();
    clock.advance(31);

    expect(await provider.check()).toMatchObject([
      { name: 'provider-token', ok: true },
      { name: 'suite-ticket', ok: false, code: 'platform_misconfigured', fix: expect.any(String) },
      { name: 'login-suite-ticket', ok: false, code: 'platform_misconfigured' },
    ]);
    expect(wecom.calls()).toEqual(['service/get_provider_token']);
  });

  it('finds a corp that took the app away', async () => {
    const { provider, install, installations } = await openFake(delegated);
    (await install()).gone = 48004;
    const checks = await provider.check();

    expect(checks.at(-1)).toMatchObject({
      name: 'corp-token wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
      ok: false,
      code: 'tenant_not_allowed',
      platformCode: '48004',
    });
    expect(installations.kept.get(cast.corp)?.status).toBe('cancelled');
  });
});
