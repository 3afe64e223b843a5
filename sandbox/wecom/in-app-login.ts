import { parse } from 'cookie';

import { callbackUrl } from '../callback-url.js';
import type { PlatformCall, PlatformHost } from '../http/platform-host.js';
import { pageReply, redirectReply, type Reply } from '../http/reply.js';
import { header, type SandboxRequest } from '../http/request.js';
import { consentPage } from '../pages/consent.page.js';
import { readInAppRequest, type InAppRequest } from './in-app-request.js';
import { refusalPage } from './pages.js';
import { findPerson, mayPass } from './people.js';
import {
  CODE_SECONDS,
  CONSENT_SECONDS,
  type LoginAttempt,
  type Scope,
  type WecomState,
} from './state.js';
import { isVisible, type WecomCorp } from './world.js';
import { redirectHost } from './redirect-uri.js';

const HOST = 'open.weixin.qq.com';

/** open.weixin.qq.com: OAuth inside the client (reference wecom 5). */
export function wecomInAppHost(state: WecomState): PlatformHost {
  const page = (path: string, answer: PlatformCall['answer']): PlatformCall => ({
    methods: ['GET'],
    path,
    takesToken: false,
    answer,
  });
  return {
    name: HOST,
    speaks: 'html',
    calls: [
      page('/connect/oauth2/authorize', (request) => authorize(state, request)),
      page('/sandbox/{attempt}/approve', (request) => decide(state, request, true)),
      page('/sandbox/{attempt}/refuse', (request) => decide(state, request, false)),
    ],
    unmatched: () => refusalPage('404', '页面不存在', 404),
    refuse: () => undefined,
  };
}

function authorize(state: WecomState, request: SandboxRequest): Reply {
  if (!/wxwork|micromessenger/i.test(header(request, 'user-agent') ?? '')) {
    return refusalPage('not_in_client', '请在微信客户端打开链接', 403);
  }
  const asked = readInAppRequest(state, request.query);
  if ('status' in asked) return asked;
  const person = clientUser(state, asked.corp, request);
  if (!person) return refusalPage('unknown_person', '没有这个人', 404);
  if (!mayPass(state, person.member)) return refusalPage('member_disabled', '账号已被禁用', 403);
  if (asked.scope === 'snsapi_base') return finish(state, asked, person.id);

  const { app } = asked;
  if (!app || !person.member || !isVisible(app, person.member)) {
    return refusalPage('not_in_visible_range', '你不在该应用的可见范围内', 403);
  }
  const key = { corpId: asked.corp.corpId, agentId: app.agentId, userid: person.id };
  if (hasConsented(state, key)) return finish(state, asked, person.id);
  const attempt: LoginAttempt = {
    corpId: key.corpId,
    agentId: key.agentId,
    redirectUri: asked.redirectUri,
    flow: 'consent',
    askedId: person.id,
    ...(asked.state === undefined ? {} : { state: asked.state }),
  };
  const base = `${state.origin}/${HOST}/sandbox/${state.attempts.put(attempt, CODE_SECONDS).id}`;
  return pageReply(
    consentPage({
      appName: app.name,
      memberId: person.id,
      memberName: person.name,
      approveHref: `${base}/approve`,
      refuseHref: `${base}/refuse`,
    }),
  );
}

/** Where a refusal leads is published nowhere; here it is the old scan page's way: the state alone. */
function decide(state: WecomState, request: SandboxRequest, approved: boolean): Reply {
  const entry = state.attempts.live(request.params['attempt'] ?? '');
  const userid = entry?.value.askedId;
  const found = entry && state.find(entry.value);
  if (!found || userid === undefined) return refusalPage('expired', '页面已失效，请重新打开');
  state.attempts.remove(entry.id);
  const attempt = entry.value;
  if (!approved) return redirectReply(callbackUrl(attempt.redirectUri, { state: attempt.state }));
  state.consents.put({ corpId: attempt.corpId, agentId: attempt.agentId, userid }, CONSENT_SECONDS);
  return finish(
    state,
    { ...attempt, corp: found.corp, app: found.app, scope: 'snsapi_privateinfo' },
    userid,
  );
}

function finish(state: WecomState, asked: InAppRequest, personId: string): Reply {
  const scope: Scope = asked.scope;
  const host = redirectHost(asked.redirectUri);
  const code = state.codes.put(
    {
      corpId: asked.corp.corpId,
      personId,
      flow: 'in-app',
      scope,
      ...(asked.app ? { agentId: asked.app.agentId } : {}),
      ...(host === undefined ? {} : { redirectHost: host }),
    },
    CODE_SECONDS,
  ).id;
  return redirectReply(callbackUrl(asked.redirectUri, { code, state: asked.state }));
}

/** Who is logged in to the client: header `x-sandbox-user`, cookie `sandbox_user`, control, first member. */
function clientUser(state: WecomState, corp: WecomCorp, request: SandboxRequest) {
  const id =
    header(request, 'x-sandbox-user') ??
    parse(header(request, 'cookie') ?? '')['sandbox_user'] ??
    state.clientUsers.get(corp.corpId) ??
    corp.members[0]?.userid;
  return id === undefined ? undefined : findPerson(corp, id);
}

export function hasConsented(
  state: WecomState,
  key: { corpId: string; agentId: number; userid: string },
): boolean {
  const consent = state.consents.newestLive(
    ({ corpId, agentId, userid }) =>
      corpId === key.corpId && agentId === key.agentId && userid === key.userid,
  );
  return consent !== undefined;
}
