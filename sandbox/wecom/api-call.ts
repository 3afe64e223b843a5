import type { PlatformCall } from '../http/platform-host.js';
import type { Reply } from '../http/reply.js';
import { jsonObject, mediaType, single, type SandboxRequest } from '../http/request.js';
import { wecomError, wecomSuccess } from './api-reply.js';
import type { AppKey, WecomState } from './state.js';
import type { WecomApp, WecomCorp } from './world.js';

/** What a call that carries a good token is answered from. */
export interface ApiContext {
  readonly state: WecomState;
  readonly corp: WecomCorp;
  readonly app: WecomApp;
  readonly key: AppKey;
  readonly request: SandboxRequest;
  /** The JSON object of a POST; empty for a GET. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly refuse: (errcode: number, empties?: Record<string, unknown>) => Reply;
  readonly succeed: (fields: Record<string, unknown>) => Reply;
}

/**
 * A call behind a token. Checked in the order of reference wecom 16, rule 4: token present, token good, trusted
 * address, then the call's own parameters.
 */
export function apiCall(
  state: WecomState,
  methods: readonly ('GET' | 'POST')[],
  path: string,
  answer: (context: ApiContext) => Reply,
): PlatformCall {
  return {
    methods,
    path,
    takesToken: true,
    answer: (request) => {
      const token = single(request.query, 'access_token');
      if (token === undefined) return wecomError(state, request, 41001);
      const entry = state.tokens.find(token);
      const found = entry && state.find(entry.value);
      if (!found) return wecomError(state, request, 40014);
      if (!state.tokens.isLive(entry)) {
        return wecomError(state, request, state.settings.expiredTokenCode);
      }
      const { corp, app } = found;
      if (app.disabled === true) return wecomError(state, request, 50003);
      if (!isTrustedIp(app, request.ip)) return wecomError(state, request, 60020);
      if (mediaType(request) === 'application/x-www-form-urlencoded') {
        return wecomError(state, request, 40063);
      }
      const body = request.method === 'POST' ? readBody(request) : {};
      if (!body) return wecomError(state, request, 40058);
      return answer({
        state,
        corp,
        app,
        key: entry.value,
        request,
        body,
        refuse: (errcode, empties) => wecomError(state, request, errcode, empties),
        succeed: (fields) => wecomSuccess(state, fields),
      });
    },
  };
}

export function isTrustedIp(app: WecomApp, ip: string): boolean {
  return app.trustedIps.length === 0 || app.trustedIps.includes(ip);
}

/** An empty body is an empty object; anything else must be JSON. */
function readBody(request: SandboxRequest): Record<string, unknown> | undefined {
  return request.body.trim() === '' ? {} : jsonObject(request);
}
