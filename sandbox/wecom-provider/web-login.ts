import { callbackUrl } from '../callback-url.js';
import type { Entry } from '../expiring-store.js';
import { pageReply, redirectReply, type Reply } from '../http/reply.js';
import { single, type SandboxRequest } from '../http/request.js';
import { scanPage } from '../pages/scan.page.js';
import { expiredPage, refusalPage } from '../wecom/pages.js';
import { redirectHost } from '../wecom/redirect-uri.js';
import type { ProviderCall } from './call.js';
import type { LoginAttempt } from './grants.js';
import { nextCall, openAttempt, pageCall } from './page-call.js';
import { findPerson, isAmong, mayPass, memberChoices } from './people.js';
import { CODE_SECONDS, type WecomProviderState } from './state.js';
import { isCustomerId } from './token-calls.js';
import { readOldRequest, readWebRequest } from './web-request.js';
import { findInstallation, findSuite, isInRange } from './world.js';

const LOGIN = 'login.work.weixin.qq.com';
const OPEN_WORK = 'open.work.weixin.qq.com';
/** Where a choice on a scan page leads. */
export const SCAN_PATH = '/sandbox/{attempt}/as/{person}';
const PAGES = ['web-suite', 'web-corp', 'old-web'] as const;

/** The provider's side of login.work.weixin.qq.com: `ServiceApp`, and `CorpApp` of delegated apps. */
export function providerLoginCalls(state: WecomProviderState): ProviderCall[] {
  const isMine = ({ query }: SandboxRequest): boolean =>
    single(query, 'login_type') === 'ServiceApp' || isCustomerId(state, single(query, 'appid'));
  return [
    pageCall('/wwlogin/sso/login', isMine, (request) =>
      open(state, LOGIN, readWebRequest(state, request.query)),
    ),
    ...scanCalls(state, LOGIN),
    nextCall(state, SCAN_PATH, (request) => scanAs(state, request)),
  ];
}

/** The old web login, on open.work.weixin.qq.com; whom to scan as is shared with the install page. */
export function oldLoginCalls(state: WecomProviderState): ProviderCall[] {
  return [
    pageCall(
      '/wwopen/sso/3rd_qrConnect',
      () => true,
      (request) => open(state, OPEN_WORK, readOldRequest(state, request)),
    ),
    ...scanCalls(state, OPEN_WORK),
  ];
}

function scanCalls(state: WecomProviderState, host: string): ProviderCall[] {
  return [
    nextCall(state, '/sandbox/{attempt}', (request) =>
      show(state, host, openAttempt(state, request, PAGES)),
    ),
    nextCall(state, '/sandbox/{attempt}/refuse', (request) => refuse(state, request)),
  ];
}

function open(
  state: WecomProviderState,
  host: string,
  attempt: LoginAttempt | Reply,
): Reply | Promise<Reply> {
  return 'status' in attempt
    ? attempt
    : show(state, host, state.attempts.put(attempt, CODE_SECONDS));
}

async function show(
  state: WecomProviderState,
  host: string,
  entry: Entry<LoginAttempt> | undefined,
): Promise<Reply> {
  if (!entry) return expiredPage();
  const { corpId, adminsOnly, suiteIds } = entry.value;
  const base = `${state.origin}/${host}/sandbox/${entry.id}`;
  const page = await scanPage({
    brand: 'wecom',
    appName: findSuite(state.world, suiteIds[0])?.name ?? state.world.provider.name,
    corpName: state.world.provider.name,
    scanUrl: base,
    choices: memberChoices(state, base, { corpId, among: adminsOnly ? 'admins' : 'members' }),
    refuseHref: `${base}/refuse`,
  });
  return pageReply(page);
}

/** Somebody scans. */
export function scanAs(state: WecomProviderState, request: SandboxRequest): Reply {
  const entry = openAttempt(state, request, PAGES);
  if (entry?.value.redirectUri === undefined) return expiredPage();
  const { page, redirectUri, corpId, suiteIds, adminsOnly, state: said } = entry.value;
  const person = findPerson(state, request.params['person'] ?? '');
  const isOutside = corpId !== undefined && person?.corp.corpId !== corpId;
  if (!person?.member || isOutside) {
    return refusalPage('not_a_member', '你不是该企业的成员', 403);
  }
  if (!mayPass(state, person.member)) return refusalPage('member_disabled', '账号已被禁用', 403);
  if (adminsOnly && !isAmong(person.corp, person.member, 'admins')) {
    return refusalPage('not_an_admin', '你不是该企业的管理员', 403);
  }
  const [suiteId] = suiteIds;
  if (page === 'web-corp' && !isSeen(state, person.corp.corpId, suiteId, person.id)) {
    return refusalPage('no_permission', '你没有权限访问该应用', 403);
  }
  state.attempts.remove(entry.id);
  const code = state.loginCodes.put(
    {
      flow: page === 'web-suite' || page === 'web-corp' ? page : 'old-web',
      corpId: person.corp.corpId,
      personId: person.id,
      scope: 'snsapi_base',
      redirectHost: redirectHost(redirectUri) ?? '',
      ...(suiteId === undefined ? {} : { suiteId }),
    },
    CODE_SECONDS,
  ).id;
  const name = page === 'old-web' ? 'auth_code' : 'code';
  return redirectReply(callbackUrl(redirectUri, { [name]: code, state: said }));
}

function isSeen(
  state: WecomProviderState,
  corpId: string,
  suiteId: string | undefined,
  userid: string,
): boolean {
  const installation = findInstallation(state.world, corpId, suiteId ?? '');
  return installation !== undefined && isInRange(installation, userid);
}

/** A refusal comes back with the state alone, as on the self-built pages. */
function refuse(state: WecomProviderState, request: SandboxRequest): Reply {
  const entry = openAttempt(state, request, [...PAGES, 'install', 'agree']);
  if (!entry) return expiredPage();
  state.attempts.remove(entry.id);
  const { page, redirectUri, state: said } = entry.value;
  if (redirectUri === undefined || page === 'install' || page === 'agree') {
    return refusalPage('cancelled', '已取消安装', 200);
  }
  return redirectReply(callbackUrl(redirectUri, { state: said }));
}
