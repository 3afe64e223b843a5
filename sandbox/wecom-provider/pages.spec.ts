import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { browse, hrefOf } from '../testing/browse.js';
import { CallbackReceiver, cdata } from '../testing/callback-receiver.js';
import {
  pineCorp,
  redwoodCorp,
  service,
  spBrowse,
  spCallback,
  spHost,
  spInAppUrl,
  spInstallUrl,
  spOldWebUrl,
  spProvider,
  spProviderToken,
  spScan,
  spSuite,
  spSuiteToken,
  spTemplate,
  spWebUrl,
} from '../testing/wecom-provider.js';
import { wecomUserAgent } from '../testing/wecom.js';
import type { WecomProviderControl } from './control.js';

describe("the provider's pages", () => {
  let sandbox: Sandbox;
  let control: WecomProviderControl;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = sandbox.control.wecomProvider;
    control.trustDomain(spHost);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const members = (text: string): string[] =>
    [...text.matchAll(/data-member="([^"]+)"/g)].map((match) => match[1] ?? '');

  describe("today's web login", () => {
    it.each([
      ["the provider's corpid as appid", { appid: spProvider.corpId }, 'invalid_appid'],
      ["another suite's id", { appid: spSuite.suiteId }, 'invalid_appid'],
      ['no redirect_uri', { redirect_uri: undefined }, 'redirect_uri_mismatch'],
      ['another port', { redirect_uri: 'https://sp.example.com/cb' }, 'redirect_uri_mismatch'],
      ['a subdomain', { redirect_uri: `https://a.${spHost}/cb` }, 'redirect_uri_mismatch'],
      ['an unknown language', { lang: 'fr' }, 'invalid_lang'],
    ])('shows an error page for %s', async (_, changes, code) => {
      const page = await browse(spWebUrl(sandbox, changes));
      expect(page.status).toBe(400);
      expect(page.text).toContain(`data-error="${code}"`);
    });

    it('lets members of every corp scan, and sends back a code and the state', async () => {
      const page = await browse(spWebUrl(sandbox));
      expect(members(page.text)).toEqual([
        `lin.qiao@${pineCorp}`,
        `chen.mo@${pineCorp}`,
        `gao.yuan@${pineCorp}`,
        `li.si@${pineCorp}`,
        `Lin.Qiao@${redwoodCorp}`,
        `zhou.ke@${redwoodCorp}`,
      ]);
      const { location } = await browse(hrefOf(page.text, `data-member="zhou.ke@${redwoodCorp}"`));
      const code = new URL(location).searchParams.get('code') ?? '';
      expect(code).toMatch(/^[\w-]{43}$/);
      expect(location).toBe(`${spCallback}?code=${code}&state=p7Xn2c9KdL4w`);
    });

    it('takes the corpid where a tester wants that', async () => {
      control.settings.serviceAppId = 'suite-or-corpid';
      expect((await browse(spWebUrl(sandbox, { appid: spProvider.corpId }))).status).toBe(200);
    });

    it('sends a refusal back with the state alone, and takes one scan per page', async () => {
      const page = await browse(spWebUrl(sandbox));
      const link = hrefOf(page.text, `data-member="chen.mo@${pineCorp}"`);
      const refused = await browse(hrefOf(page.text, 'data-refuse'));
      expect(refused.location).toBe(`${spCallback}?state=p7Xn2c9KdL4w`);
      expect((await browse(link)).text).toContain('data-error="expired"');
    });

    it('is used up by a scan', async () => {
      const page = await browse(spWebUrl(sandbox));
      const link = hrefOf(page.text, `data-member="chen.mo@${pineCorp}"`);
      expect((await browse(link)).status).toBe(302);
      expect((await browse(link)).text).toContain('data-error="expired"');
    });

    it('of a delegated app wants the corpid as seen, the agent, and the visible range', async () => {
      const installed = await control.install(pineCorp, spTemplate.suiteId, {
        visible: ['lin.qiao'],
      });
      const url = (changes: Record<string, string> = {}): string =>
        spWebUrl(sandbox, {
          login_type: 'CorpApp',
          appid: installed.corpId,
          agentid: installed.agentId.toString(),
          ...changes,
        });
      expect((await browse(url({ appid: pineCorp }))).text).toContain('invalid_appid');
      expect((await browse(url({ agentid: '1000099' }))).text).toContain('invalid_agentid');
      const page = await browse(url());
      expect(members(page.text)).toHaveLength(4);
      const hidden = await browse(hrefOf(page.text, `data-member="chen.mo@${pineCorp}"`));
      expect(hidden.text).toContain('data-error="no_permission"');
      expect((await spScan(url(), `lin.qiao@${pineCorp}`)).get('code')).toMatch(/^[\w-]{43}$/);
    });
  });

  describe('the old web login', () => {
    it("is entered from the provider's own page only", async () => {
      expect((await browse(spOldWebUrl(sandbox))).text).toContain('data-error="invalid_referer"');
      const elsewhere = { referer: 'https://sp.example.com/' };
      const page = await spBrowse(spOldWebUrl(sandbox), elsewhere);
      expect(page.text).toContain('校验请求来源错误');
      expect((await spBrowse(spOldWebUrl(sandbox))).status).toBe(200);
    });

    it.each([
      ["a suite's id as appid", { appid: spSuite.suiteId }, 'invalid_appid'],
      ['a strange domain', { redirect_uri: 'https://evil.test/' }, 'redirect_uri_mismatch'],
      ['an unknown usertype', { usertype: 'all' }, 'invalid_usertype'],
    ])('shows an error page for %s', async (_, changes, code) => {
      const page = await spBrowse(spOldWebUrl(sandbox, changes));
      expect(page.text).toContain(`data-error="${code}"`);
    });

    it('sends back auth_code; administrators alone unless members are asked for', async () => {
      const back = await spScan(spOldWebUrl(sandbox), `gao.yuan@${pineCorp}`);
      expect([...back.keys()]).toEqual(['auth_code', 'state']);
      const page = await spBrowse(spOldWebUrl(sandbox, { usertype: undefined }));
      expect(members(page.text)).toEqual([
        `lin.qiao@${pineCorp}`,
        `chen.mo@${pineCorp}`,
        `zhou.ke@${redwoodCorp}`,
      ]);
      const link = hrefOf(page.text, 'data-member').replace('lin.qiao', 'gao.yuan');
      expect((await browse(link)).text).toContain('data-error="not_an_admin"');
    });
  });

  it.each([
    ['a template as appid', { appid: spTemplate.suiteId }, 'invalid_appid'],
    ['no response_type', { response_type: undefined }, 'invalid_response_type'],
    ['an unknown scope', { scope: 'openid' }, 'invalid_scope'],
    ['a state of other signs', { state: 'a-b' }, '84025'],
    ['a strange domain', { redirect_uri: 'https://evil.test/' }, '50001'],
  ])('in the client show an error for %s', async (_, changes, code) => {
    const page = await browse(spInAppUrl(sandbox, changes), { 'user-agent': wecomUserAgent });
    expect(page.text).toContain(`data-error="${code}"`);
  });

  it('in the client are not for other browsers', async () => {
    expect((await browse(spInAppUrl(sandbox))).text).toContain('data-error="not_in_client"');
  });

  describe('the install page', () => {
    it.each([
      ['a template', { suite_id: spTemplate.suiteId }, 'invalid_suite_id'],
      ['no code', { pre_auth_code: undefined }, 'invalid_pre_auth_code'],
      ['a strange domain', { redirect_uri: 'https://evil.test/' }, 'redirect_uri_mismatch'],
      ['a state of other signs', { state: 'a b' }, '84025'],
    ])('shows an error for %s', async (_, changes, code) => {
      const page = await spBrowse(await spInstallUrl(sandbox, changes));
      expect(page.text).toContain(`data-error="${code}"`);
    });

    it("is opened from the provider's own page only, within twenty minutes", async () => {
      const url = await spInstallUrl(sandbox);
      expect((await browse(url)).text).toContain('data-error="invalid_referer"');
      expect((await spBrowse(url)).status).toBe(200);
      sandbox.control.advance(1201);
      expect((await spBrowse(url)).text).toContain('data-error="invalid_pre_auth_code"');
    });

    it('of an app that is not published wants a test authorisation', async () => {
      control.world.provider.suites[0]!.published = false;
      const url = await spInstallUrl(sandbox);
      expect((await spBrowse(url)).text).toContain('data-error="60246"');
      const token = await spSuiteToken(sandbox);
      const said = await service(sandbox, `set_session_info?suite_access_token=${token}`, {
        pre_auth_code: new URL(url).searchParams.get('pre_auth_code'),
        session_info: { auth_type: 1 },
      });
      expect(said['errcode'] ?? 0).toBe(0);
      expect((await spBrowse(url)).status).toBe(200);
    });

    const agree = async (url: string, admin: string) => {
      const page = await spBrowse(url);
      const asked = await browse(hrefOf(page.text, `data-member="${admin}"`));
      return browse(hrefOf(asked.text, 'data-approve'));
    };

    it('lists who may agree, and leads back with a code but no push', async () => {
      const receiver = await receive();
      const url = await spInstallUrl(sandbox);
      expect(members((await spBrowse(url)).text)).toEqual([
        `lin.qiao@${pineCorp}`,
        `zhou.ke@${redwoodCorp}`,
      ]);
      const { location } = await agree(url, `lin.qiao@${pineCorp}`);
      const back = new URL(location).searchParams;
      expect(back.get('auth_code')?.length).toBeGreaterThanOrEqual(64);
      expect([back.get('expires_in'), back.get('state')]).toEqual(['600', 'p7Xn2c9KdL4w']);
      await control.settled();
      expect(infoTypes(receiver)).not.toContain('create_auth');
      expect(control.world.installations).toMatchObject([
        { corpId: pineCorp, suiteId: spSuite.suiteId, agreedBy: 'lin.qiao' },
      ]);
      await done(receiver);
    });

    it.each(['before-redirect', 'after-redirect'] as const)(
      'pushes the same code %s where a tester wants that',
      async (order) => {
        const receiver = await receive();
        control.settings.websiteInstallPush = order;
        const { location } = await agree(await spInstallUrl(sandbox), `zhou.ke@${redwoodCorp}`);
        const isThere = infoTypes(receiver).includes('create_auth');
        expect(isThere).toBe(order === 'before-redirect');
        await control.settled();
        const code = new URL(location).searchParams.get('auth_code');
        expect(cdata(receiver.last?.message ?? '', 'AuthCode')).toBe(code);
        await done(receiver);
      },
    );

    it('in the market pushes, and shows the administrator what is answered', async () => {
      const receiver = await receive();
      const market = `${sandbox.endpoints.wecom.openWork}/sandbox/market/${spSuite.suiteId}`;
      const page = await agree(market, `lin.qiao@${pineCorp}`);
      expect(page.text).toContain('data-installed');
      expect(infoTypes(receiver)).toContain('create_auth');
      receiver.answer = () => ({ body: 'no such tenant' });
      const refused = await agree(market, `zhou.ke@${redwoodCorp}`);
      expect(refused.text).toContain('no such tenant');
      expect(refused.text).toContain('data-error="callback_failed"');
      await done(receiver);
    });

    it('is not for administrators who only send messages, nor for members', async () => {
      const page = await spBrowse(await spInstallUrl(sandbox));
      const link = hrefOf(page.text, `data-member="lin.qiao@${pineCorp}"`);
      for (const userid of ['chen.mo', 'gao.yuan']) {
        const refused = await browse(link.replace('lin.qiao', userid));
        expect(refused.text).toContain('data-error="not_an_admin"');
      }
    });

    it('can be left by refusing', async () => {
      const page = await spBrowse(await spInstallUrl(sandbox));
      const asked = await browse(hrefOf(page.text, `data-member="zhou.ke@${redwoodCorp}"`));
      const refused = await browse(hrefOf(asked.text, 'data-refuse'));
      expect(refused.text).toContain('data-error="cancelled"');
      expect(control.world.installations).toEqual([]);
    });

    it('of a template is its customised link, good for ten days and several corps', async () => {
      const receiver = await receive(spTemplate.suiteId);
      const token = await spProviderToken(sandbox);
      const ask = (body: object) =>
        service(sandbox, `get_customized_auth_url?provider_access_token=${token}`, body);
      const template = { templateid_list: [spTemplate.suiteId] };
      expect(await ask({ ...template, state: 'a-b' })).toMatchObject({ errcode: 40058 });
      expect(await ask({ state: 'ok' })).toMatchObject({ errcode: 40063 });
      expect(await ask({ templateid_list: [spSuite.suiteId] })).toMatchObject({ errcode: 40083 });
      const link = await ask({ ...template, state: 'order42' });
      expect(link).toMatchObject({ expires_in: 864000 });
      sandbox.control.advance(9 * 86_400);
      await control.settled();
      for (const admin of [`lin.qiao@${pineCorp}`, `zhou.ke@${redwoodCorp}`]) {
        const page = await agree(String(link['qrcode_url']), admin);
        expect(page.text).toContain('data-installed');
        expect(cdata(receiver.last?.message ?? '', 'State')).toBe('order42');
      }
      expect(control.world.installations).toHaveLength(2);
      await done(receiver);
    });

    async function receive(suiteId: string = spSuite.suiteId): Promise<CallbackReceiver> {
      const suite = control.world.provider.suites.find((it) => it.suiteId === suiteId)!;
      const receiver = await new CallbackReceiver(suite.callback).start();
      await control.registerCallback({ suiteId, kind: 'command', url: receiver.url });
      return receiver;
    }

    function infoTypes({ received }: CallbackReceiver): string[] {
      return received.map(({ message }) => cdata(message, 'InfoType'));
    }

    async function done(receiver: CallbackReceiver): Promise<void> {
      control.forgetCallbacks();
      await receiver.stop();
    }
  });
});
