import type { Sandbox } from '../sandbox.js';
import { browse, hrefOf, json } from './browse.js';

/** The first seeded app, and where a test lets DingTalk send the browser back. */
export const dingtalkApp = {
  clientId: 'dingexampleappkey1',
  clientSecret: 'exampleSecret01',
  corpId: 'dingexamplecorp01',
} as const;

export const dingtalkCallback = 'https://portal.example.com/callback/dingtalk?from=here';

/** The authorize link with every parameter right, except for those given; `undefined` leaves one out. */
export function dingtalkAuthorizeUrl(
  sandbox: Sandbox,
  changes: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters: Record<string, string | undefined> = {
    redirect_uri: dingtalkCallback,
    response_type: 'code',
    client_id: dingtalkApp.clientId,
    scope: 'openid corpid',
    state: 'Zk3p9Q',
    prompt: 'consent',
    ...changes,
  };
  const url = new URL(`${sandbox.endpoints.dingtalk.login}/oauth2/auth`);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** Scans as somebody: the URL the browser is sent back to. */
export async function dingtalkScanAs(
  sandbox: Sandbox,
  member: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<URL> {
  const page = await browse(dingtalkAuthorizeUrl(sandbox, changes));
  const visit = await browse(hrefOf(page.text, `data-member="${member}"`));
  return new URL(visit.location);
}

export async function dingtalkCode(sandbox: Sandbox, member: string): Promise<string> {
  return (await dingtalkScanAs(sandbox, member)).searchParams.get('code') ?? '';
}

/** An app token, good on both API hosts. */
export async function dingtalkAppToken(
  sandbox: Sandbox,
  app: { clientId: string; clientSecret: string } = dingtalkApp,
): Promise<string> {
  const answer = await json(
    `${sandbox.endpoints.dingtalk.oapi}/gettoken?appkey=${app.clientId}&appsecret=${app.clientSecret}`,
  );
  return String(answer.body['access_token']);
}
