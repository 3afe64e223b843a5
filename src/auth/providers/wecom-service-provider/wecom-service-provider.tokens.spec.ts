import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { Secret } from '../../../common/secret.js';
import { refused } from '../wecom/testing/fake-wecom.js';
import { cast, delegated, openFake } from './testing/open-fake.js';

const byCode = 'service/auth/getuserinfo3rd';
const member = { corpid: cast.corp, userid: cast.member };

describe('a suite token', () => {
  it.each([
    [29, undefined],
    [30, 'platform_misconfigured'],
  ])('with a ticket that is %d minutes old: %s', async (minutes, code) => {
    const { provider, wecom, clock } = await openFake({ tenantPolicy: 'any' });
    wecom.addCode(byCode, cast.suite, 'CODE', member);
    clock.advance(minutes);
    const outcome = await provider.inApp.identify('CODE').then(
      () => undefined,
      (error: unknown) => error,
    );

    expect((outcome as { code?: string } | undefined)?.code).toBe(code);
    expect(wecom.requests).toHaveLength(code === undefined ? 2 : 0);
  });

  it('without a good ticket is not asked for, and the operator hears what to do', async () => {
    const { provider, wecom, clock, suiteTickets } = await openFake();
    clock.advance(47);
    await expect(provider.inApp.identify('CODE')).rejects.toMatchObject({
      code: 'platform_misconfigured',
      operator: {
        call: 'service/get_suite_token',
        platformMessage:
          'the newest ticket of the suite ww2b7d60e1f4c8a935 is 47 minutes old, and only good for 30',
        fix: expect.stringMatching(/wait up to ten minutes, or press the push button/),
      },
    });

    suiteTickets.kept.clear();
    await expect(provider.web.identify('CODE')).rejects.toMatchObject({
      operator: {
        platformMessage: 'no ticket of the suite ww71ac05de94b3f862 has been pushed yet',
      },
    });
    expect(wecom.requests).toEqual([]);
  });

  it('that was fetched outlives its ticket', async () => {
    const { provider, wecom, clock } = await openFake({ tenantPolicy: 'any' });
    for (const code of ['C1', 'C2']) wecom.addCode(byCode, cast.suite, code, member);
    await provider.inApp.identify('C1');
    clock.advance(60);

    expect((await provider.inApp.identify('C2')).subject).toBe(cast.member);
  });

  it('of one suite is never that of the other', async () => {
    const { provider, wecom, tokens } = await openFake({ tenantPolicy: 'any' });
    wecom.addCode(byCode, cast.suite, 'C1', member);
    wecom.addCode(byCode, cast.loginSuite, 'C2', member);
    await provider.inApp.identify('C1');
    await provider.web.identify('C2');

    expect([...tokens.kept.keys()]).toEqual([
      'wecom-suite-token ww2b7d60e1f4c8a935',
      'wecom-suite-token ww71ac05de94b3f862',
    ]);
    expect(wecom.sent('service/get_suite_token').map(({ json }) => json)).toEqual([
      {
        suite_id: 'ww2b7d60e1f4c8a935',
        suite_secret: 'exampleSuiteSecret',
        suite_ticket: 'TKT-suite',
      },
      {
        suite_id: 'ww71ac05de94b3f862',
        suite_secret: 'exampleLoginSecret',
        suite_ticket: 'TKT-login',
      },
    ]);
  });

  it.each([
    ['a wrong secret', { suiteSecret: new Secret('somethingElse') }, '40080'],
    ['a ticket that WeCom does not take', {}, '40085'],
  ])('is not to be had with %s', async (_, changes, platformCode) => {
    const { provider, wecom } = await openFake(changes);
    if (platformCode === '40085') wecom.force('service/get_suite_token', refused(40085, 'x'));

    await expect(provider.inApp.identify('CODE')).rejects.toMatchObject({
      code: 'platform_misconfigured',
      operator: { platformCode },
    });
  });
});

describe('a token that WeCom ended early', () => {
  it('is fetched anew, once: the suite’s', async () => {
    const { provider, wecom } = await openFake({ tenantPolicy: 'any' });
    for (const code of ['C1', 'C2']) wecom.addCode(byCode, cast.suite, code, member);
    await provider.inApp.identify('C1');
    wecom.endTokens('suite');

    expect((await provider.inApp.identify('C2')).subject).toBe(cast.member);
    expect(wecom.sent('service/get_suite_token')).toHaveLength(2);
    expect(wecom.sent(byCode)).toHaveLength(3);
  });

  it('is fetched anew, once: the provider’s', async () => {
    const { provider, wecom } = await openFake({ tenantPolicy: 'any', loginSuite: undefined });
    const login = { user_info: { userid: cast.member }, corp_info: { corpid: cast.corp } };
    for (const code of ['C1', 'C2']) wecom.addCode('service/get_login_info', '', code, login);
    await provider.web.identify('C1');
    wecom.endTokens('provider');

    expect((await provider.web.identify('C2')).subject).toBe(cast.member);
    expect(wecom.sent('service/get_provider_token')).toHaveLength(2);
  });

  it('is fetched anew, once: a corp’s, of either kind of app', async () => {
    for (const changes of [{}, delegated]) {
      const { provider, wecom, install } = await openFake(changes);
      await install();
      const { corpTicket, agentTicket } = await provider.tokenSources(cast.corp);
      await corpTicket.fetch();
      wecom.endTokens('corp');

      expect((await agentTicket?.fetch())?.value).toContain('agent-ticket');
      expect(wecom.sent('ticket/get')).toHaveLength(2);
    }
  });

  it.each([40082, 42009])(
    'and is refused when new (%d) ends as an outcome of ours',
    async (code) => {
      const { provider, wecom } = await openFake();
      wecom.force(byCode, refused(code, 'invalid suite_acccess_token'));

      await expect(provider.inApp.identify('CODE')).rejects.toMatchObject({
        name: 'AppError',
        code: 'platform_misconfigured',
        operator: { platformCode: String(code) },
      });
      expect(wecom.sent(byCode)).toHaveLength(2);
    },
  );
});

describe('a corp’s tokens', () => {
  it('are of this suite and corp, and their key never holds the permanent code', async () => {
    const { provider, wecom, install, tokens } = await openFake();
    await install();
    const { access, corpTicket, agentTicket } = await provider.tokenSources(cast.corp);

    expect(
      [access, corpTicket, agentTicket!].map(({ kind, credential, tenant, dependsOn }) => [
        kind,
        credential,
        tenant,
        dependsOn?.kind,
      ]),
    ).toEqual([
      ['wecom-corp-token', 'ww2b7d60e1f4c8a935', cast.corp, 'wecom-suite-token'],
      ['wecom-corp-ticket', 'ww2b7d60e1f4c8a935', cast.corp, 'wecom-corp-token'],
      ['wecom-agent-ticket', 'ww2b7d60e1f4c8a935', cast.corp, 'wecom-corp-token'],
    ]);
    expect(await tokens.get(corpTicket)).toBe(`corp-ticket of ${cast.suite}/${cast.corp}`);
    expect(wecom.calls()).toEqual([
      'service/get_suite_token',
      'service/get_corp_token',
      'get_jsapi_ticket',
    ]);
  });

  it('of a delegated app depend on nothing', async () => {
    const { provider, wecom, install } = await openFake(delegated);
    await install();
    const { access } = await provider.tokenSources(cast.corp);

    expect(access.dependsOn).toBeUndefined();
    expect(await access.fetch()).toEqual({ value: 'corp-token-1', expiresInSeconds: 7200 });
    expect(wecom.calls()).toEqual(['gettoken']);
  });

  it('are of one corp out of many', async () => {
    const { provider } = await openFake();

    await expect(provider.tokenSources()).rejects.toMatchObject({
      code: 'value_not_allowed',
      errors: [{ field: 'tenant', message: 'must be the id of a corp that installed the app' }],
    });
  });

  it('are not asked for a corp that is unknown, suspended or gone', async () => {
    const { provider, wecom, install, installations } = await openFake();
    const fetchOf = async (corpId: string) => (await provider.tokenSources(corpId)).access.fetch();

    await expect(fetchOf('wpUnknown')).rejects.toMatchObject({ code: 'tenant_not_found' });
    await install();
    installations.kept.set(cast.corp, {
      ...installations.kept.get(cast.corp)!,
      status: 'suspended',
    });
    await expect(fetchOf(cast.corp)).rejects.toMatchObject({ code: 'tenant_not_allowed' });
    await installations.cancel(cast.corp);
    await expect(fetchOf(cast.corp)).rejects.toMatchObject({ code: 'tenant_not_allowed' });
    expect(wecom.requests).toEqual([]);
  });

  it.each([40084, 48004])('end with its authorization (%d), without another try', async (gone) => {
    const { provider, wecom, install, installations } = await openFake();
    (await install()).gone = gone;
    const { access } = await provider.tokenSources(cast.corp);

    await expect(access.fetch()).rejects.toMatchObject({
      code: 'tenant_not_allowed',
      operator: { platformCode: String(gone), fix: expect.stringContaining('cancelled') },
    });
    expect(wecom.sent('service/get_corp_token')).toHaveLength(1);
    expect(installations.kept.get(cast.corp)?.status).toBe('cancelled');
    expect(installations.kept.get(cast.corp)?.permanentCode).toBeUndefined();
  });

  it('stay where a late refusal is about a code that was replaced meanwhile', async () => {
    const { provider, wecom, install, installations } = await openFake();
    await install();
    const { access } = await provider.tokenSources(cast.corp);
    const find = installations.find.bind(installations);
    installations.find = async (corpId) => {
      const found = await find(corpId);
      await installations.save({ corpId, permanentCode: new Secret('PERM-new') });
      return found;
    };
    wecom.force('service/get_corp_token', refused(40084, 'invalid authorizer permanent code'));

    await expect(access.fetch()).rejects.toMatchObject({ code: 'tenant_not_allowed' });
    expect(installations.kept.get(cast.corp)?.status).toBe('active');
  });
});
