import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { refused } from '../wecom/testing/fake-wecom.js';
import { cast, delegated, openFake, request } from './testing/open-fake.js';

const exchange = 'service/v2/get_permanent_code';
const granted = {
  errcode: 0,
  errmsg: 'ok',
  permanent_code: 'PERM-c0Xy6tR2',
  auth_corp_info: { corpid: cast.corp, corp_name: '示例贸易' },
  auth_user_info: { userid: cast.member, name: cast.member },
};
const corp = {
  corpId: cast.corp,
  name: '示例贸易',
  agentId: 1000017,
  suiteId: cast.suite,
  permanentCode: 'PERM-c0Xy6tR2',
};

describe('the way to the install page', () => {
  it.each([
    [false, 0],
    [true, 1],
  ])('has a pre-auth code, for trials %s', async (testInstalls, auth_type) => {
    const { provider, wecom } = await openFake({ testInstalls });

    expect((await provider.installing?.installUrl(request))?.href).toBe(
      'https://open.work.weixin.qq.com/3rdapp/install?suite_id=ww2b7d60e1f4c8a935&pre_auth_code=PAC-1&redirect_uri=https%3A%2F%2Fportal.example.com%2Fcallback%2Fwecom-any&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K',
    );
    expect(wecom.requests.map(({ call, json }) => [call, json]).slice(1)).toEqual([
      ['service/get_pre_auth_code', undefined],
      ['service/set_session_info', { pre_auth_code: 'PAC-1', session_info: { auth_type } }],
    ]);
  });

  it('of a template is the link behind its QR code', async () => {
    const { provider, wecom } = await openFake(delegated);

    expect((await provider.installing?.installUrl(request))?.href).toBe(
      'https://open.work.weixin.qq.com/qr?t=1',
    );
    expect(wecom.requests[1]?.json).toEqual({
      state: 'p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K',
      templateid_list: ['dk8e41c09a5b7d23f6'],
    });
    wecom.force('service/get_customized_auth_url', {
      status: 200,
      body: { errcode: 0, qrcode_url: 'javascript:alert(1)' },
    });
    await expect(provider.installing?.installUrl(request)).rejects.toMatchObject({
      code: 'platform_unavailable',
    });
  });

  it('comes back with auth_code, or says nothing', async () => {
    const { installing } = (await openFake()).provider;

    expect(installing?.readCallback(new URLSearchParams('auth_code=AC&expires_in=600'))).toBe('AC');
    expect(() => installing?.readCallback(new URLSearchParams('state=s'))).toThrow(
      expect.objectContaining({ code: 'user_cancelled' }),
    );
  });
});

describe('an authorization code', () => {
  it('becomes an installation with the corp’s name and agent id', async () => {
    const { provider, wecom, installations } = await openFake();
    wecom.corps.push({ ...corp });
    wecom.addCode(exchange, cast.suite, 'AC', granted);
    const installed = await provider.installing?.complete('AC');

    expect(installed).toMatchObject({
      corpId: 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
      name: '示例贸易',
      agentId: '1000017',
      status: 'active',
    });
    expect(installations.kept.get(cast.corp)?.permanentCode?.reveal()).toBe('PERM-c0Xy6tR2');
    expect(wecom.calls()).toEqual(['service/get_suite_token', exchange, 'service/get_auth_info']);
    expect(wecom.sent(exchange)[0]?.repeatable).toBe(false);
  });

  it.each([-1, 40084])(
    'is kept even if nothing else can be read of the corp (%d)',
    async (code) => {
      const { provider, wecom, installations, warnings } = await openFake();
      wecom.addCode(exchange, cast.suite, 'AC', granted);
      wecom.force('service/get_auth_info', refused(code, 'refused'));

      expect(await provider.installing?.complete('AC')).toMatchObject({ status: 'active' });
      expect(installations.kept.get(cast.corp)?.permanentCode?.reveal()).toBe('PERM-c0Xy6tR2');
      expect(warnings).toHaveLength(1);
    },
  );

  it('of a corp that comes back makes it active, and ends what was remembered of it', async () => {
    const { provider, wecom, install, installations, tokens } = await openFake();
    await install();
    await installations.cancel(cast.corp);
    wecom.addCode(exchange, cast.suite, 'AC', granted);

    expect(await provider.installing?.complete('AC')).toMatchObject({ status: 'active' });
    expect(tokens.forgotten).toEqual([
      'wecom-corp-token ww2b7d60e1f4c8a935 wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
      'wecom-corp-ticket ww2b7d60e1f4c8a935 wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
      'wecom-agent-ticket ww2b7d60e1f4c8a935 wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
    ]);
  });

  it('of a corp that we suspended leaves it so, and asks nothing for it', async () => {
    const { provider, wecom, install, installations, warnings } = await openFake();
    await install();
    const before = installations.kept.get(cast.corp)!;
    installations.kept.set(cast.corp, { ...before, status: 'suspended' });
    wecom.addCode(exchange, cast.suite, 'AC', { ...granted, permanent_code: 'PERM-new' });

    expect(await provider.installing?.complete('AC')).toMatchObject({ status: 'suspended' });
    expect(wecom.calls()).not.toContain('service/get_auth_info');
    expect(warnings).toEqual([]);
    expect(installations.kept.get(cast.corp)?.permanentCode?.reveal()).toBe('PERM-new');
  });

  it.each([
    ['unknown', 40078],
    ['too short to be one', 40058],
  ])('that is %s is refused after one try', async (_, errcode) => {
    const { provider, wecom } = await openFake();
    wecom.force(exchange, refused(errcode, 'invalid'));

    await expect(provider.installing?.complete('AC')).rejects.toMatchObject({
      code: 'platform_code_rejected',
      operator: { platformCode: String(errcode) },
    });
    expect(wecom.sent(exchange)).toHaveLength(1);
  });

  it('that is answered with half a reply saves nothing', async () => {
    const { provider, wecom, installations } = await openFake();
    wecom.addCode(exchange, cast.suite, 'AC', { ...granted, auth_corp_info: {} });

    await expect(provider.installing?.complete('AC')).rejects.toMatchObject({
      code: 'platform_unavailable',
    });
    expect(installations.kept.size).toBe(0);
  });
});
