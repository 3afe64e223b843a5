import { callbackUrl } from '../callback-url.js';
import type { PlatformHost } from '../http/platform-host.js';
import { pageReply, redirectReply, type Reply } from '../http/reply.js';
import { single, type SandboxRequest } from '../http/request.js';
import { messagePage } from '../pages/message.page.js';
import { scanPage } from '../pages/scan.page.js';
import { loginChoices, type LoginChoice } from './login-choices.js';
import { CODE_SECONDS, type DingtalkState, type LoginAttempt } from './state.js';
import type { DingtalkApp } from './world.js';

const HOST = 'login.dingtalk.com';

/** The authorize page (reference dingtalk 1.1, 1.2) and, under `/oauth2/sandbox/`, the phone that scans it. */
export function dingtalkLoginHost(state: DingtalkState): PlatformHost {
  return {
    name: HOST,
    speaks: 'html',
    calls: [
      {
        methods: ['GET'],
        path: '/oauth2/auth',
        takesToken: false,
        answer: (request) => authorize(state, request),
      },
      {
        methods: ['GET'],
        path: '/oauth2/sandbox/{attempt}/as/{choice}',
        takesToken: false,
        answer: (request) => scanAs(state, request),
      },
      {
        methods: ['GET'],
        path: '/oauth2/sandbox/{attempt}/refuse',
        takesToken: false,
        answer: (request) => refuse(state, request),
      },
    ],
    unmatched: () => errorPage('404', '页面不存在', 404),
    refuse: () => undefined,
  };
}

async function authorize(state: DingtalkState, request: SandboxRequest): Promise<Reply> {
  const app = state.app(single(request.query, 'client_id') ?? '');
  if (!app || app.disabled === true) return errorPage('900103', '应用不存在');
  const attempt = readAttempt(state, app, request.query);
  if ('status' in attempt) return attempt;

  const { id } = state.attempts.put(attempt, CODE_SECONDS);
  const base = `${state.origin}/${HOST}/oauth2/sandbox/${id}`;
  const page = await scanPage({
    brand: 'dingtalk',
    appName: app.name,
    corpName: state.world.corps.find(({ corpId }) => corpId === app.corpId)?.name ?? app.corpId,
    scanUrl: `${state.origin}${request.target}`,
    choices: loginChoices(state.world, app, attempt).map((choice) => ({
      ...choice,
      href: `${base}/as/${encodeURIComponent(choice.id)}`,
    })),
    refuseHref: `${base}/refuse`,
  });
  return pageReply(page);
}

/** The parameters of reference dingtalk 1.1, each one checked. */
function readAttempt(
  state: DingtalkState,
  app: DingtalkApp,
  query: URLSearchParams,
): LoginAttempt | Reply {
  const redirectUri = single(query, 'redirect_uri');
  if (redirectUri === undefined || !state.isRegistered(app, redirectUri)) {
    return errorPage('50001', '重定向URL与应用登记的不一致');
  }
  if (single(query, 'response_type') !== 'code') {
    return errorPage('invalid_response_type', 'response_type 参数错误');
  }
  const scope = single(query, 'scope');
  if (scope !== 'openid' && scope !== 'openid corpid') {
    return errorPage('invalid_scope', 'scope 参数错误');
  }
  if (!(single(query, 'prompt') ?? '').split(' ').includes('consent')) {
    return errorPage('invalid_prompt', 'prompt 参数错误');
  }
  const withCorp = scope === 'openid corpid';
  const onlyCorp = withCorp ? single(query, 'corpId') : undefined;
  const returned = query.get('state');
  return {
    clientId: app.clientId,
    redirectUri,
    withCorp,
    administeredOnly: withCorp && query.get('org_type') === 'management',
    ...(onlyCorp === undefined ? {} : { onlyCorp }),
    ...(returned === null ? {} : { state: returned }),
  };
}

function scanAs(state: DingtalkState, request: SandboxRequest): Reply {
  const entry = state.attempts.live(request.params['attempt'] ?? '');
  const app = entry && state.app(entry.value.clientId);
  if (!app) return errorPage('expired', '二维码已失效，请重新打开登录页');
  const choice = loginChoices(state.world, app, entry.value).find(
    ({ id }) => id === request.params['choice'],
  );
  if (!choice) return errorPage('unknown_person', '没有这个人', 404);
  if (choice.outsider && state.settings.outsiders === 'refused') {
    return errorPage('11055', '操作失败，你不在组织内', 403);
  }
  state.attempts.remove(entry.id);
  return letIn(state, entry.value, choice);
}

function letIn(state: DingtalkState, attempt: LoginAttempt, choice: LoginChoice): Reply {
  const code = state.browserCodes.put(
    {
      clientId: attempt.clientId,
      personId: choice.personId,
      ...(attempt.withCorp && choice.corpId !== undefined ? { corpId: choice.corpId } : {}),
    },
    CODE_SECONDS,
  ).id;
  return redirectReply(
    callbackUrl(attempt.redirectUri, { code, authCode: code, state: attempt.state }),
  );
}

/** The value of `error` is published nowhere; `access_denied` is our choice (reference dingtalk 11). */
function refuse(state: DingtalkState, request: SandboxRequest): Reply {
  const entry = state.attempts.live(request.params['attempt'] ?? '');
  if (!entry) return errorPage('expired', '二维码已失效，请重新打开登录页');
  state.attempts.remove(entry.id);
  const { redirectUri, state: returned } = entry.value;
  return redirectReply(callbackUrl(redirectUri, { error: 'access_denied', state: returned }));
}

function errorPage(code: string, text: string, status = 400): Reply {
  return pageReply(messagePage('dingtalk', { code, text }), status, code);
}
