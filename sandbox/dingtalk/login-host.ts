import { callbackUrl } from '../callback-url.js';
import type { Entry } from '../expiring-store.js';
import type { PlatformHost } from '../http/platform-host.js';
import { pageReply, redirectReply, type Reply } from '../http/reply.js';
import { single, type SandboxRequest } from '../http/request.js';
import { scanPage } from '../pages/scan.page.js';
import { loginChoices, type LoginChoice } from './login-choices.js';
import { readLoginRequest } from './login-request.js';
import { errorPage, expiredPage } from './pages.js';
import { CODE_SECONDS, type DingtalkState, type LoginAttempt } from './state.js';
import { findCorp, type DingtalkApp } from './world.js';

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
        path: '/oauth2/sandbox/{attempt}',
        takesToken: false,
        answer: (request) => showAgain(state, request),
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

function authorize(state: DingtalkState, request: SandboxRequest): Reply | Promise<Reply> {
  const app = state.app(single(request.query, 'client_id') ?? '');
  if (!app || app.disabled === true) return errorPage('900103', '应用不存在');
  const attempt = readLoginRequest(state, app, request.query);
  return 'status' in attempt
    ? attempt
    : showScanPage(state, app, state.attempts.put(attempt, CODE_SECONDS));
}

/** What the QR code leads to: the same choice on the phone. */
function showAgain(state: DingtalkState, request: SandboxRequest): Reply | Promise<Reply> {
  const entry = state.attempts.live(request.params['attempt'] ?? '');
  const app = entry && state.app(entry.value.clientId);
  return app ? showScanPage(state, app, entry) : expiredPage();
}

async function showScanPage(
  state: DingtalkState,
  app: DingtalkApp,
  { id, value: attempt }: Entry<LoginAttempt>,
): Promise<Reply> {
  const base = `${state.origin}/${HOST}/oauth2/sandbox/${id}`;
  const page = await scanPage({
    brand: 'dingtalk',
    appName: app.name,
    corpName: findCorp(state.world, app.corpId)?.name ?? app.corpId,
    scanUrl: base,
    choices: loginChoices(state.world, app, attempt).map((choice) => ({
      ...choice,
      href: `${base}/as/${encodeURIComponent(choice.id)}`,
    })),
    refuseHref: `${base}/refuse`,
  });
  return pageReply(page);
}

function scanAs(state: DingtalkState, request: SandboxRequest): Reply {
  const entry = state.attempts.live(request.params['attempt'] ?? '');
  const app = entry && state.app(entry.value.clientId);
  if (!app) return expiredPage();
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
  if (!entry) return expiredPage();
  state.attempts.remove(entry.id);
  const { redirectUri, state: returned } = entry.value;
  return redirectReply(callbackUrl(redirectUri, { error: 'access_denied', state: returned }));
}
