import { parse } from 'cookie';

import { callbackUrl } from '../callback-url.js';
import { pageReply, redirectReply, type Reply } from '../http/reply.js';
import { header, single, type SandboxRequest } from '../http/request.js';
import { consentPage } from '../pages/consent.page.js';
import { expiredPage, refusalPage } from '../wecom/pages.js';
import { redirectHost } from '../wecom/redirect-uri.js';
import type { ProviderCall } from './call.js';
import type { Scope } from './grants.js';
import { nextCall, openAttempt, pageCall } from './page-call.js';
import { findPerson, mayPass, type Person } from './people.js';
import { CODE_SECONDS, CONSENT_SECONDS, type WecomProviderState } from './state.js';
import { isCustomerId } from './token-calls.js';
import { isPlainState, readDelegatedApp, returned, trustedRedirect } from './web-request.js';
import {
  findCustomer,
  findInstallation,
  findSuite,
  isInRange,
  type ProviderSuite,
} from './world.js';

const HOST = 'open.weixin.qq.com';

/** A link of the client that is well formed. */
interface Asked {
  readonly flow: 'in-app-suite' | 'in-app-corp';
  /** Absent for a delegated app's link without `agentid`. */
  readonly suite?: ProviderSuite;
  /** Of a delegated app's link. Plain. */
  readonly corpId?: string;
  readonly redirectUri: string;
  readonly scope: Scope;
  readonly state?: string;
}

/** The provider's side of open.weixin.qq.com: OAuth in the client (reference 6.1, 9.3). */
export function providerInAppCalls(state: WecomProviderState): ProviderCall[] {
  const isMine = ({ query }: SandboxRequest): boolean => {
    const appId = single(query, 'appid');
    return findSuite(state.world, appId) !== undefined || isCustomerId(state, appId);
  };
  return [
    pageCall('/connect/oauth2/authorize', isMine, (request) => authorize(state, request)),
    nextCall(state, '/sandbox/{attempt}/approve', (request) => decide(state, request, true)),
    nextCall(state, '/sandbox/{attempt}/refuse', (request) => decide(state, request, false)),
  ];
}

function authorize(state: WecomProviderState, request: SandboxRequest): Reply {
  if (!/wxwork|micromessenger/i.test(header(request, 'user-agent') ?? '')) {
    return refusalPage('not_in_client', '请在微信客户端打开链接', 403);
  }
  const asked = readLink(state, request.query);
  if ('status' in asked) return asked;
  const person = clientUser(state, request, asked.corpId);
  if (!person) return refusalPage('unknown_person', '没有这个人', 404);
  if (person.member && !mayPass(state, person.member)) {
    return refusalPage('member_disabled', '账号已被禁用', 403);
  }
  if (asked.scope !== 'snsapi_privateinfo' || !isAsked(state, asked, person)) {
    return finish(state, asked, person);
  }
  const { suite, redirectUri, flow, corpId } = asked;
  const attempt = state.attempts.put(
    {
      page: 'consent',
      redirectUri,
      suiteIds: suite ? [suite.suiteId] : [],
      personId: `${person.id}@${person.corp.corpId}`,
      flow,
      ...(corpId === undefined ? {} : { corpId }),
      ...(asked.state === undefined ? {} : { state: asked.state }),
    },
    CODE_SECONDS,
  );
  const base = `${state.origin}/${HOST}/sandbox/${attempt.id}`;
  return pageReply(
    consentPage({
      appName: suite?.name ?? '',
      memberId: person.id,
      memberName: person.name,
      approveHref: `${base}/approve`,
      refuseHref: `${base}/refuse`,
    }),
  );
}

function readLink(state: WecomProviderState, query: URLSearchParams): Asked | Reply {
  const app = readApp(state, query);
  if ('status' in app) return app;
  if (single(query, 'response_type') !== 'code') {
    return refusalPage('invalid_response_type', 'response_type 参数错误');
  }
  const scope = single(query, 'scope');
  if (scope !== 'snsapi_base' && scope !== 'snsapi_userinfo' && scope !== 'snsapi_privateinfo') {
    return refusalPage('invalid_scope', 'scope 参数错误');
  }
  const isDelegated = app.flow === 'in-app-corp';
  // The older scope is a third-party app's only (reference 6.1, 9.3).
  if (isDelegated && scope === 'snsapi_userinfo') {
    return refusalPage('invalid_scope', 'scope 参数错误');
  }
  if (scope === 'snsapi_privateinfo' && !app.suite) {
    return refusalPage('40056', 'agentid 参数错误');
  }
  if (!isPlainState(query)) return refusalPage('84025', 'state 参数错误');
  const suites = app.suite
    ? [app.suite]
    : state.world.provider.suites.filter(({ kind }) => kind === 'delegated');
  const redirectUri = suites
    .map((suite) => trustedRedirect(state, query, suite))
    .find((it) => it !== undefined);
  if (redirectUri === undefined) return refusalPage('50001', 'redirect_uri需使用应用可信域名');
  return { ...app, redirectUri, scope, ...returned(query) };
}

type AskedApp = Pick<Asked, 'flow' | 'suite' | 'corpId'>;

function readApp(state: WecomProviderState, query: URLSearchParams): AskedApp | Reply {
  const suite = findSuite(state.world, single(query, 'appid'));
  if (suite?.kind === 'third-party') return { flow: 'in-app-suite', suite };
  if (suite) return refusalPage('invalid_appid', 'appid 参数错误');
  if (query.has('agentid')) {
    const app = readDelegatedApp(state, query);
    return 'status' in app ? app : { flow: 'in-app-corp', ...app };
  }
  const corp = state.seen.findCorp(single(query, 'appid') ?? '');
  return corp
    ? { flow: 'in-app-corp', corpId: corp.corpId }
    : refusalPage('invalid_appid', 'appid 参数错误');
}

/** Consent is asked of members whom the app sees, once a month. */
function isAsked(state: WecomProviderState, { suite }: Asked, { corp, id, member }: Person) {
  const installation = suite && findInstallation(state.world, corp.corpId, suite.suiteId);
  if (!member || !installation || !isInRange(installation, id)) return false;
  const agreed = state.consents.newestLive(
    (it) => it.appId === suite.suiteId && it.corpId === corp.corpId && it.userid === id,
  );
  return agreed === undefined;
}

function decide(state: WecomProviderState, request: SandboxRequest, approved: boolean): Reply {
  const entry = openAttempt(state, request, ['consent']);
  const person = entry && findPerson(state, entry.value.personId ?? '');
  const { redirectUri, flow, corpId, state: said } = entry?.value ?? {};
  if (!entry || !person || redirectUri === undefined || flow === undefined) return expiredPage();
  state.attempts.remove(entry.id);
  if (!approved) return redirectReply(callbackUrl(redirectUri, { state: said }));
  const suite = findSuite(state.world, entry.value.suiteIds[0]);
  const grant = { appId: suite?.suiteId ?? '', corpId: person.corp.corpId, userid: person.id };
  state.consents.put(grant, CONSENT_SECONDS);
  return finish(
    state,
    {
      flow,
      redirectUri,
      scope: 'snsapi_privateinfo',
      ...(suite ? { suite } : {}),
      ...(corpId === undefined ? {} : { corpId }),
      ...(said === undefined ? {} : { state: said }),
    },
    person,
  );
}

function finish(state: WecomProviderState, asked: Asked, person: Person): Reply {
  const code = state.loginCodes.put(
    {
      flow: asked.flow,
      corpId: person.corp.corpId,
      personId: person.id,
      scope: asked.scope,
      redirectHost: redirectHost(asked.redirectUri) ?? '',
      ...(asked.suite ? { suiteId: asked.suite.suiteId } : {}),
    },
    CODE_SECONDS,
  ).id;
  return redirectReply(callbackUrl(asked.redirectUri, { code, state: asked.state }));
}

/** Header `x-sandbox-user`, cookie `sandbox_user` (an id, or `id@corpid`), control, the first member of all. */
function clientUser(
  state: WecomProviderState,
  request: SandboxRequest,
  corpId: string | undefined,
): Person | undefined {
  const set = state.clientUser;
  const meant = findCustomer(state.world, corpId ?? set?.corpId) ?? state.world.corps[0];
  const said =
    header(request, 'x-sandbox-user') ??
    parse(header(request, 'cookie') ?? '')['sandbox_user'] ??
    (set && set.corpId === meant?.corpId ? set.id : meant?.members[0]?.userid);
  const person = said === undefined ? undefined : findPerson(state, said, meant);
  // A delegated app's link is opened in its own corp.
  return corpId === undefined || person?.corp.corpId === corpId ? person : undefined;
}
