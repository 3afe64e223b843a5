import type { Sandbox } from '../sandbox.js';
import { browse, hrefOf, json } from './browse.js';

/** The first seeded app (created after 2022-06-20), and where a test lets WeCom send the browser back. */
export const wecomApp = {
  corpId: 'ww1a2b3c4d5e6f7a8b',
  agentId: 1000017,
  secret: 'exampleWecomSecret-1000017-Qm4tXw7Zk2Lp9Rv',
} as const;

/** An app of the same company, created before 2022-06-20. */
export const wecomOldApp = {
  corpId: 'ww1a2b3c4d5e6f7a8b',
  agentId: 1000002,
  secret: 'exampleWecomSecret-1000002-Hd8sNb3Vc6Jy1Ft',
} as const;

export const wecomHost = 'portal.example.com:8443';
export const wecomCallback = `https://${wecomHost}/callback/wecom?from=here`;

export const wecomUserAgent =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) wxwork/4.1.20 MicroMessenger/7.0.1';

type Changes = Readonly<Record<string, string | undefined>>;

function link(base: string, parameters: Changes): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** Today's Web login link with every parameter right, except for those given; `undefined` leaves one out. */
export function wecomWebUrl(sandbox: Sandbox, changes: Changes = {}): string {
  return link(`${sandbox.endpoints.wecom.login}/wwlogin/sso/login`, {
    login_type: 'CorpApp',
    appid: wecomApp.corpId,
    agentid: wecomApp.agentId.toString(),
    redirect_uri: wecomCallback,
    state: 'p7Xn2c9KdL4w',
    ...changes,
  });
}

/** The in-app OAuth link, in the same way. */
export function wecomInAppUrl(sandbox: Sandbox, changes: Changes = {}): string {
  return link(`${sandbox.endpoints.wecom.open}/connect/oauth2/authorize`, {
    appid: wecomApp.corpId,
    redirect_uri: wecomCallback,
    response_type: 'code',
    scope: 'snsapi_base',
    state: 'p7Xn2c9KdL4w',
    agentid: wecomApp.agentId.toString(),
    ...changes,
  });
}

/** A code of Web login. */
export async function wecomWebCode(sandbox: Sandbox, member: string): Promise<string> {
  const page = await browse(wecomWebUrl(sandbox));
  const visit = await browse(hrefOf(page.text, `data-member="${member}"`));
  return new URL(visit.location).searchParams.get('code') ?? '';
}

/** A code of in-app OAuth; consent is given where it is asked for. */
export async function wecomInAppCode(
  sandbox: Sandbox,
  user: string,
  changes: Changes = {},
): Promise<string> {
  const headers = { 'user-agent': wecomUserAgent, 'x-sandbox-user': user };
  const first = await browse(wecomInAppUrl(sandbox, changes), headers);
  const visit = first.location ? first : await browse(hrefOf(first.text, 'data-approve'), headers);
  return new URL(visit.location).searchParams.get('code') ?? '';
}

export async function wecomToken(
  sandbox: Sandbox,
  app: { corpId: string; secret: string } = wecomApp,
): Promise<string> {
  const answer = await json(
    `${sandbox.endpoints.wecom.api}/cgi-bin/gettoken?corpid=${app.corpId}&corpsecret=${app.secret}`,
  );
  return String(answer.body['access_token']);
}
