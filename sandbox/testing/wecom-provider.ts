import type { Sandbox } from '../sandbox.js';
import { browse, hrefOf, json } from './browse.js';
import { wecomUserAgent } from './wecom.js';

/** Who was seeded on the service provider's side. */
export const spProvider = {
  corpId: 'ww3c5d7e9f1a2b4c60',
  secret: 'exampleProviderSecret-Tq8vXn2Lm5Rb7Wd',
} as const;
export const spSuite = {
  suiteId: 'ww6b8d0f2a4c6e8a13',
  secret: 'exampleSuiteSecret-Yz4pLs9Kd1Vn6Hc',
} as const;
export const spTemplate = {
  suiteId: 'dk2f4a6c8e0b1d3f59',
  secret: 'exampleTemplateSecret-Gm7wRt3Xb8Qk2Jf',
} as const;
export const spLoginSuite = {
  suiteId: 'ww4e6f8a0b2c4d6e57',
  secret: 'exampleLoginSuiteSecret-Ce5yUj1Zn9Pa4Ds',
} as const;
/** Shown with encrypted ids. */
export const pineCorp = 'ww7a9b1c3d5e7f9021';
/** Shown with plain ids, once it has an app. */
export const redwoodCorp = 'ww0d2e4f6a8b0c1e35';

type Fields = Record<string, unknown>;

/** `cgi-bin/service/…` of the sandbox; a body makes it a POST. */
export async function service(sandbox: Sandbox, path: string, body?: object): Promise<Fields> {
  const answer = await json(`${sandbox.endpoints.wecom.api}/cgi-bin/service/${path}`, body);
  return answer.body;
}

/** `cgi-bin/…` of the sandbox. */
export async function cgi(sandbox: Sandbox, path: string, body?: object): Promise<Fields> {
  const answer = await json(`${sandbox.endpoints.wecom.api}/cgi-bin/${path}`, body);
  return answer.body;
}

export async function spProviderToken(sandbox: Sandbox): Promise<string> {
  const { corpId, secret } = spProvider;
  const body = { corpid: corpId, provider_secret: secret };
  return String((await service(sandbox, 'get_provider_token', body))['provider_access_token']);
}

export async function spSuiteToken(
  sandbox: Sandbox,
  suite: { suiteId: string; secret: string } = spSuite,
): Promise<string> {
  const answer = await service(sandbox, 'get_suite_token', {
    suite_id: suite.suiteId,
    suite_secret: suite.secret,
    suite_ticket: sandbox.control.wecomProvider.issueTicket(suite.suiteId),
  });
  return String(answer['suite_access_token']);
}

/** The token of an app that is installed: third-party by `get_corp_token`, delegated by `gettoken`. */
export async function spCorpToken(
  sandbox: Sandbox,
  installed: { corpId: string; permanentCode: string },
  suite: { suiteId: string; secret: string } = spSuite,
): Promise<string> {
  const { corpId, permanentCode } = installed;
  const answer = suite.suiteId.startsWith('dk')
    ? await cgi(sandbox, `gettoken?corpid=${corpId}&corpsecret=${permanentCode}`)
    : await service(
        sandbox,
        `get_corp_token?suite_access_token=${await spSuiteToken(sandbox, suite)}`,
        { auth_corpid: corpId, permanent_code: permanentCode },
      );
  return String(answer['access_token']);
}

/** Where a test lets WeCom send the browser back, and where the provider's own pages are. */
export const spHost = 'sp.example.com:8443';
export const spCallback = `https://${spHost}/callback/wecom-any`;
const refererHeaders = { referer: `https://${spHost}/` };

type Changes = Readonly<Record<string, string | undefined>>;

function link(base: string, parameters: Changes): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** Today's web login with every parameter right, except for those given; `undefined` leaves one out. */
export function spWebUrl(sandbox: Sandbox, changes: Changes = {}): string {
  return link(`${sandbox.endpoints.wecom.login}/wwlogin/sso/login`, {
    login_type: 'ServiceApp',
    appid: spLoginSuite.suiteId,
    redirect_uri: spCallback,
    state: 'p7Xn2c9KdL4w',
    ...changes,
  });
}

/** The old web login, in the same way. */
export function spOldWebUrl(sandbox: Sandbox, changes: Changes = {}): string {
  return link(`${sandbox.endpoints.wecom.openWork}/wwopen/sso/3rd_qrConnect`, {
    appid: spProvider.corpId,
    redirect_uri: spCallback,
    state: 'p7Xn2c9KdL4w',
    usertype: 'member',
    ...changes,
  });
}

/** OAuth in the client, of the third-party app. */
export function spInAppUrl(sandbox: Sandbox, changes: Changes = {}): string {
  return link(`${sandbox.endpoints.wecom.open}/connect/oauth2/authorize`, {
    appid: spSuite.suiteId,
    redirect_uri: spCallback,
    response_type: 'code',
    scope: 'snsapi_base',
    state: 'p7Xn2c9KdL4w',
    ...changes,
  });
}

/** The install page, with a pre-auth code. */
export async function spInstallUrl(sandbox: Sandbox, changes: Changes = {}): Promise<string> {
  const token = await spSuiteToken(sandbox);
  const answer = await service(sandbox, `get_pre_auth_code?suite_access_token=${token}`);
  return link(`${sandbox.endpoints.wecom.openWork}/3rdapp/install`, {
    suite_id: spSuite.suiteId,
    pre_auth_code: String(answer['pre_auth_code']),
    redirect_uri: spCallback,
    state: 'p7Xn2c9KdL4w',
    ...changes,
  });
}

/** Opens a page as if led there by the provider's own. */
export function spBrowse(url: string, headers: Record<string, string> = refererHeaders) {
  return browse(url, headers);
}

/** Opens a login page, scans as somebody (`userid@corpid`), and gives the parameters that come back. */
export async function spScan(url: string, person: string): Promise<URLSearchParams> {
  const page = await spBrowse(url);
  const visit = await browse(hrefOf(page.text, `data-member="${person}"`));
  return new URL(visit.location).searchParams;
}

/** Opens a link in the client, and agrees where that is asked for. */
export async function spInApp(url: string, person: string): Promise<URLSearchParams> {
  const headers = { 'user-agent': wecomUserAgent, 'x-sandbox-user': person };
  const first = await browse(url, headers);
  const visit = first.location ? first : await browse(hrefOf(first.text, 'data-approve'), headers);
  return new URL(visit.location).searchParams;
}
