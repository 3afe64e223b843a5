import type { Sandbox } from '../sandbox.js';
import { json } from './browse.js';

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
