import { setTimeout as sleep } from 'node:timers/promises';

import { callbackUrl } from '../callback-url.js';
import type { Entry } from '../expiring-store.js';
import { pageReply, redirectReply, type Reply } from '../http/reply.js';
import { single, type SandboxRequest } from '../http/request.js';
import { agreePage, installedPage } from '../pages/install.page.js';
import { scanPage } from '../pages/scan.page.js';
import { expiredPage, refusalPage } from '../wecom/pages.js';
import { redirectHost } from '../wecom/redirect-uri.js';
import type { ProviderCall } from './call.js';
import { createAuth } from './events.js';
import type { LoginAttempt } from './grants.js';
import { authorise } from './installing.js';
import { nextCall, openAttempt, pageCall, refererHost } from './page-call.js';
import { findPerson, isAmong, memberChoices, type Person } from './people.js';
import type { WecomProvider } from './provider.js';
import { AUTH_CODE_SECONDS, CODE_SECONDS, type WecomProviderState } from './state.js';
import { SCAN_PATH, scanAs } from './web-login.js';
import { isPlainState, returned } from './web-request.js';
import { findSuite } from './world.js';

const HOST = 'open.work.weixin.qq.com';
const REDIRECTED_AFTER_MS = 200;

/** Installing, on open.work.weixin.qq.com: from the provider's website, the market, or a template's link. */
export function installPageCalls(provider: WecomProvider): ProviderCall[] {
  const { state } = provider;
  const always = (): boolean => true;
  return [
    pageCall('/3rdapp/install', always, (request) => openInstallPage(state, request)),
    pageCall('/sandbox/market/{suite}', always, (request) => openMarket(state, request)),
    nextCall(state, '/sandbox/{attempt}/install', (request) =>
      show(state, openAttempt(state, request, ['install'])),
    ),
    nextCall(state, SCAN_PATH, (request) =>
      openAttempt(state, request, ['install']) ? askAdmin(state, request) : scanAs(state, request),
    ),
    nextCall(state, '/sandbox/{attempt}/approve', (request) => install(provider, request)),
  ];
}

/** Reference 4.3: opened by a click on the provider's own site, with a pre-auth code. */
function openInstallPage(
  state: WecomProviderState,
  request: SandboxRequest,
): Reply | Promise<Reply> {
  const { query } = request;
  const suite = findSuite(state.world, single(query, 'suite_id'));
  if (suite?.kind !== 'third-party') return refusalPage('invalid_suite_id', 'suite_id 参数错误');
  const code = state.preAuthCodes.live(single(query, 'pre_auth_code') ?? '')?.value;
  if (code?.suiteId !== suite.suiteId) {
    return refusalPage('invalid_pre_auth_code', 'pre_auth_code 无效或已过期');
  }
  const mismatch = 'redirect_uri与配置的授权完成回调域名不一致';
  const isOfProvider = (host: string): boolean =>
    state.domains.has(host, suite.suiteId, suite.installDomain);
  const redirectUri = single(query, 'redirect_uri');
  if (redirectUri === undefined || !isOfProvider(redirectHost(redirectUri) ?? '')) {
    return refusalPage('redirect_uri_mismatch', mismatch);
  }
  if (!isOfProvider(refererHost(request))) return refusalPage('invalid_referer', mismatch, 403);
  if (!isPlainState(query)) return refusalPage('84025', 'state 参数错误');
  const isTest = code.authType === 1;
  if (!suite.published && !isTest) return refusalPage('60246', '第三方应用未上线');
  const attempt: LoginAttempt = {
    page: 'install',
    redirectUri,
    suiteIds: [suite.suiteId],
    isTest,
    ...returned(query),
  };
  return show(state, state.attempts.put(attempt, CODE_SECONDS));
}

/** Not WeCom's address: the app's page in the market, from which nothing leads back. */
function openMarket(state: WecomProviderState, request: SandboxRequest): Reply | Promise<Reply> {
  const suite = findSuite(state.world, request.params['suite']);
  if (!suite || suite.kind === 'login') return refusalPage('invalid_suite_id', '没有这个应用', 404);
  const attempt: LoginAttempt = { page: 'install', suiteIds: [suite.suiteId] };
  return show(state, state.attempts.put(attempt, CODE_SECONDS));
}

/** Every corp's administrators, of whom one is to agree. */
async function show(
  state: WecomProviderState,
  entry: Entry<LoginAttempt> | undefined,
): Promise<Reply> {
  if (!entry) return expiredPage();
  const base = `${state.origin}/${HOST}/sandbox/${entry.id}`;
  const page = await scanPage({
    brand: 'wecom',
    appName: namesOf(state, entry.value).join('、'),
    corpName: state.world.provider.name,
    scanUrl: `${base}/install`,
    choices: memberChoices(state, base, { among: 'managers' }),
    refuseHref: `${base}/refuse`,
  });
  return pageReply(page);
}

function askAdmin(state: WecomProviderState, request: SandboxRequest): Reply {
  const entry = openAttempt(state, request, ['install']);
  const person = findPerson(state, request.params['person'] ?? '');
  if (!entry) return expiredPage();
  if (!person?.member || !isAmong(person.corp, person.member, 'managers')) {
    return refusalPage('not_an_admin', '你不是该企业的管理员', 403);
  }
  // The link of a template stays good for the next corp.
  const personId = `${person.id}@${person.corp.corpId}`;
  const asked = state.attempts.put({ ...entry.value, page: 'agree', personId }, CODE_SECONDS);
  const base = `${state.origin}/${HOST}/sandbox/${asked.id}`;
  return pageReply(
    agreePage({
      appNames: namesOf(state, entry.value),
      providerName: state.world.provider.name,
      corpName: person.corp.name,
      adminId: personId,
      adminName: person.name,
      approveHref: `${base}/approve`,
      refuseHref: `${base}/refuse`,
    }),
  );
}

async function install(provider: WecomProvider, request: SandboxRequest): Promise<Reply> {
  const { state } = provider;
  const entry = openAttempt(state, request, ['agree']);
  const person = entry && findPerson(state, entry.value.personId ?? '');
  if (!entry || !person) return expiredPage();
  state.attempts.remove(entry.id);
  return entry.value.redirectUri === undefined
    ? installFromMarket(provider, entry.value, person)
    : installFromWebsite(provider, entry.value, person, entry.value.redirectUri);
}

/** The administrator waits for the callback's answer, and reads what it says instead of `success`. */
async function installFromMarket(
  provider: WecomProvider,
  attempt: LoginAttempt,
  person: Person,
): Promise<Reply> {
  for (const suiteId of attempt.suiteIds) {
    const { authCode } = agree(provider, attempt, person, suiteId);
    const fields = createAuth(authCode, attempt.state);
    const answer = await provider.events.command(suiteId, 'create_auth', fields);
    if (answer && answer.outcome !== 'ok') {
      return refusalPage('callback_failed', answer.body.slice(0, 200) || '服务商没有响应', 502);
    }
  }
  return pageReply(installedPage(person.corp.name, namesOf(provider.state, attempt)));
}

/** The code comes by the redirect alone, as documented; or by a push too, before or after. */
async function installFromWebsite(
  provider: WecomProvider,
  attempt: LoginAttempt,
  person: Person,
  redirectUri: string,
): Promise<Reply> {
  const suiteId = attempt.suiteIds[0] ?? '';
  const { authCode } = agree(provider, attempt, person, suiteId);
  const push = () =>
    provider.events.command(suiteId, 'create_auth', createAuth(authCode, attempt.state));
  const { websiteInstallPush } = provider.state.settings;
  if (websiteInstallPush === 'before-redirect') await push();
  if (websiteInstallPush === 'after-redirect') {
    provider.sender.track(sleep(REDIRECTED_AFTER_MS).then(push));
  }
  return redirectReply(
    callbackUrl(redirectUri, {
      auth_code: authCode,
      expires_in: AUTH_CODE_SECONDS.toString(),
      state: attempt.state,
    }),
  );
}

function agree(
  { state }: WecomProvider,
  attempt: LoginAttempt,
  { corp, id }: Person,
  suiteId: string,
) {
  return authorise(state, {
    corpId: corp.corpId,
    suiteId,
    admin: id,
    isTest: attempt.isTest ?? false,
    ...(attempt.state === undefined ? {} : { state: attempt.state }),
  });
}

function namesOf({ world }: WecomProviderState, { suiteIds }: LoginAttempt): string[] {
  return suiteIds.map((suiteId) => findSuite(world, suiteId)?.name ?? suiteId);
}
