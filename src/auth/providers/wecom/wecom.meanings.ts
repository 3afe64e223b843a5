import { isIP } from 'node:net';

import type { ErrorCode } from '../../../common/app-error.js';
import type { Trouble } from '../../../common/http-client.js';
import type { WecomRefusal } from './wecom.replies.js';

/** What was refused, as far as it helps to say what to do. */
export interface RefusedAt extends WecomRefusal {
  /** The host, with its port, that the person was sent back to with the code. */
  readonly callbackHost?: string;
}

/** What one of WeCom's codes means for a sign-in. */
export interface Meaning {
  readonly code: ErrorCode;
  /** What an operator does about it. */
  readonly fix: string | ((refused: RefusedAt) => string);
  /** The token that the call was made with is no good (any more). */
  readonly rejectsToken?: true;
  /** Why the same call may succeed later. */
  readonly trouble?: Trouble;
}

const rejectedToken: Meaning = {
  code: 'platform_misconfigured',
  fix: 'A token that was fetched a moment ago is refused: check that secret is the one of the app that agentId names, and that `endpoints` are those of one deployment.',
  rejectsToken: true,
};
const wrongSecret: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Check corpId and secret: the secret must be the one of this very app (not of contact sync or of another corp), and the app must be enabled.',
};
const lostToken: Meaning = {
  code: 'platform_misconfigured',
  fix: 'The token did not reach WeCom: a proxy named in `endpoints` must pass on the query as it is.',
};
const wrongCorp: Meaning = {
  code: 'platform_misconfigured',
  fix: 'WeCom does not know this corpId: copy it from 我的企业 > 企业信息.',
};
const wrongAgent: Meaning = {
  code: 'platform_misconfigured',
  fix: 'agentId and secret are not those of one app: copy both from the app’s page in the console.',
};
const refusedCode: Meaning = {
  code: 'platform_code_rejected',
  fix: 'Nothing, if it is rare. Otherwise check that each kind of code goes to its own exchange, within five minutes, and is sent once.',
};
const refusedTicket: Meaning = {
  code: 'platform_code_rejected',
  fix: 'Nothing: the next sign-in inside the client gets another user_ticket.',
};
const stranger: Meaning = {
  code: 'not_a_member',
  fix: 'If this person should get in, add them to the corp and to the app’s visible range (可见范围).',
};
const noPermission: Meaning = {
  code: 'platform_misconfigured',
  fix: 'The app may not make this call: an administrator grants it on the app’s page in the console.',
};
const unusedPermission: Meaning = {
  code: 'platform_misconfigured',
  fix: 'WeCom withdrew this permission because it was not used for long: an administrator grants it again.',
};
const noSensitiveFields: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Select the fields that members may be asked for (成员敏感信息) on the app’s page in the console.',
};
const disabledApp: Meaning = {
  code: 'platform_misconfigured',
  fix: 'The app is disabled: enable it in the console.',
};
const refusedAddress: Meaning = {
  code: 'platform_misconfigured',
  fix: ({ message }) =>
    `Add ${addressIn(message) ?? 'the address that this service calls from'} to the app’s 企业可信IP, on its page in the console; it takes effect after a minute, and addresses of cloud functions are not accepted.`,
};
const refusedDomain: Meaning = {
  code: 'platform_misconfigured',
  fix: ({ callbackHost }) =>
    `Enter ${callbackHost ?? 'the host of ISSUER_URL'}, with its port if it has one, as the app’s trusted domain (可信域名) or its 授权回调域, and check that secret is the one of the app that agentId names.`,
};
const unprovenDomain: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Prove that the trusted domain is yours: put the WW_verify file into domainVerification, and check its ICP filing.',
};
const tooMany: Meaning = {
  code: 'platform_rate_limited',
  fix: 'A frequency limit is used up, for as long as its window lasts (a minute to a day): see what else calls with this app; https://open.work.weixin.qq.com/wwopen/devtool/checkCorpSpamBlock lifts a block.',
  trouble: 'used-up',
};
const tooManyAtOnce: Meaning = {
  code: 'platform_rate_limited',
  fix: 'Too many calls of this corp run at the same time: see what else calls WeCom.',
  trouble: 'too-fast',
};
const busy: Meaning = {
  code: 'platform_unavailable',
  fix: 'WeCom is busy: wait.',
  trouble: 'busy',
};
const brokenRequest: Meaning = {
  code: 'platform_misconfigured',
  fix: 'WeCom could not read the request: check the connection’s ids, and any proxy named in `endpoints`.',
};
const unknown: Meaning = {
  code: 'platform_unavailable',
  fix: ({ code }) =>
    /^-?\d+$/.test(code)
      ? `A code that is not known here: see https://open.work.weixin.qq.com/devtool/query?e=${code}.`
      : 'This is not how WeCom answers: check the base URLs in `endpoints`, and what stands between.',
};

/** WeCom's codes (reference wecom-self-built 10) that the calls of a sign-in can meet. */
const meanings = new Map<string, Meaning>([
  ['-1', busy],
  ['40001', { ...wrongSecret, rejectsToken: true }],
  ['40003', stranger],
  ['40013', wrongCorp],
  ['40014', rejectedToken],
  ['40029', refusedCode],
  ['40056', wrongAgent],
  ['40058', brokenRequest],
  ['40063', brokenRequest],
  ['40091', wrongSecret],
  ['41001', lostToken],
  ['41002', brokenRequest],
  ['41004', brokenRequest],
  ['41008', refusedCode],
  ['41009', brokenRequest],
  ['42001', rejectedToken],
  ['42003', refusedCode],
  ['42012', wrongAgent],
  ['42013', refusedCode],
  ['42022', refusedCode],
  ['45009', tooMany],
  ['45033', tooManyAtOnce],
  ['48002', noPermission],
  ['48006', unusedPermission],
  ['48009', noPermission],
  ['50001', refusedDomain],
  ['50002', stranger],
  ['50003', disabledApp],
  ['60011', stranger],
  ['60020', refusedAddress],
  ['60021', stranger],
  ['60111', stranger],
  ['80001', unprovenDomain],
  ['84014', refusedTicket],
  ['84015', refusedTicket],
  ['84090', refusedTicket],
  ['85005', unprovenDomain],
  ['91040', brokenRequest],
  ['92000', stranger],
  ['92001', noSensitiveFields],
  ['301002', wrongAgent],
  ['2000002', wrongCorp],
  ['HTTP 429', tooMany],
]);

/** By WeCom's code. */
export type Meanings = ReadonlyMap<string, Meaning>;

/**
 * The meaning of a refusal; an unknown one counts as the platform's trouble, not as the person's.
 * @param own what some codes mean on one platform alone
 */
export function meaningOf({ code }: WecomRefusal, own?: Meanings): Meaning {
  const known = own?.get(code) ?? meanings.get(code);
  if (known) return known;
  return /^HTTP 5/.test(code) ? busy : unknown;
}

/** `…, from ip: 203.0.113.7, more info at …` */
export function addressIn(message: string | undefined): string | undefined {
  const address = /\bfrom ip:\s*([\da-f.:]*[\da-f])/i.exec(message ?? '')?.[1];
  return address !== undefined && isIP(address) > 0 ? address : undefined;
}
