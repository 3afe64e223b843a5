import type { PlatformCall } from '../http/platform-host.js';
import type { Reply } from '../http/reply.js';
import { jsonObject, mediaType, single, type SandboxRequest } from '../http/request.js';
import { wecomError, wecomSuccess } from '../wecom/api-reply.js';
import type { WecomProviderState } from './state.js';
import {
  findCustomer,
  findInstallation,
  findSuite,
  type CustomerCorp,
  type Installation,
  type ProviderSuite,
} from './world.js';

/** A call of a host that the self-built world shares. */
export interface ProviderCall extends PlatformCall {
  /** Where both worlds have the path: whether the request is for this one. */
  isMine(request: SandboxRequest): boolean;
}

/** What a call is answered from once its token is good. */
export interface CallContext {
  readonly state: WecomProviderState;
  readonly request: SandboxRequest;
  /** The JSON object of a POST; empty for a GET. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly refuse: (errcode: number, empties?: Record<string, unknown>) => Reply;
  readonly succeed: (fields: Record<string, unknown>) => Reply;
}

export interface SuiteContext extends CallContext {
  readonly suite: ProviderSuite;
}

export interface CorpContext extends CallContext {
  readonly corp: CustomerCorp;
  /** Absent for the corp's own app. */
  readonly installed?: { readonly suite: ProviderSuite; readonly installation: Installation };
}

type Method = 'GET' | 'POST';

/** A call that carries no token: what it is given is all it has. */
export function bareCall(
  state: WecomProviderState,
  methods: readonly Method[],
  path: string,
  answer: (context: CallContext) => Reply,
  isMine: ProviderCall['isMine'] = () => true,
): ProviderCall {
  return call(methods, path, false, isMine, (request) => answerWith(state, request, answer, false));
}

/** A call of one suite. Token present, token good, trusted address, then the call's own parameters. */
export function suiteCall(
  state: WecomProviderState,
  methods: readonly Method[],
  path: string,
  answer: (context: SuiteContext) => Reply,
): ProviderCall {
  return call(methods, path, true, mine, (request) => {
    const token = single(request.query, 'suite_access_token');
    if (token === undefined) return wecomError(state, request, 41022);
    const entry = state.suiteTokens.find(token);
    const suite = entry && findSuite(state.world, entry.value.suiteId);
    if (!suite) return wecomError(state, request, 40082);
    if (!state.suiteTokens.isLive(entry)) return wecomError(state, request, 42009);
    return answerWith(state, request, (context) => answer({ ...context, suite }));
  });
}

/** A call of the provider itself; only `get_login_info` names the parameter `access_token` (reference 2). */
export function providerCall(
  state: WecomProviderState,
  path: string,
  parameter: 'access_token' | 'provider_access_token',
  answer: (context: CallContext) => Reply,
): ProviderCall {
  return call(['POST'], path, true, mine, (request) => {
    const token = single(request.query, parameter);
    if (token === undefined) return wecomError(state, request, 41001);
    // Libraries that add the suite's token everywhere were answered so (reference 5.5).
    if (parameter === 'access_token' && request.query.has('suite_access_token')) {
      return wecomError(state, request, 40085);
    }
    if (!state.providerTokens.live(token)) {
      const errcode = parameter === 'access_token' ? state.settings.badProviderTokenCode : 40082;
      return wecomError(state, request, errcode);
    }
    return answerWith(state, request, answer);
  });
}

/** A call with a corp's token. A token that is not of this world is left to the self-built one. */
export function corpCall(
  state: WecomProviderState,
  methods: readonly Method[],
  path: string,
  answer: (context: CorpContext) => Reply,
): ProviderCall {
  const entryOf = (request: SandboxRequest) =>
    state.corpTokens.find(single(request.query, 'access_token') ?? '');
  const isMine = (request: SandboxRequest): boolean => entryOf(request) !== undefined;
  return call(methods, path, true, isMine, (request) => {
    const entry = entryOf(request);
    if (!entry) {
      const isMissing = single(request.query, 'access_token') === undefined;
      return wecomError(state, request, isMissing ? 41001 : 40014);
    }
    const { corpId, suiteId } = entry.value;
    const corp = findCustomer(state.world, corpId);
    if (!corp) return wecomError(state, request, 40014);
    if (!state.corpTokens.isLive(entry)) {
      return wecomError(state, request, state.settings.expiredCorpTokenCode);
    }
    if (suiteId === undefined) {
      return answerWith(state, request, (context) => answer({ ...context, corp }), false);
    }
    const suite = findSuite(state.world, suiteId);
    const installation = findInstallation(state.world, corpId, suiteId);
    if (!suite || !installation) return wecomError(state, request, 40014);
    if (installation.status === 'disabled') return wecomError(state, request, 50003);
    return answerWith(state, request, (context) =>
      answer({ ...context, corp, installed: { suite, installation } }),
    );
  });
}

/** For one app of the provider in a corp: not for the corp's own. */
export function installedCall(
  answer: (context: CorpContext & Required<Pick<CorpContext, 'installed'>>) => Reply,
): (context: CorpContext) => Reply {
  return (context) =>
    context.installed
      ? answer({ ...context, installed: context.installed })
      : context.refuse(48002);
}

function call(
  methods: readonly Method[],
  path: string,
  takesToken: boolean,
  isMine: ProviderCall['isMine'],
  answer: (request: SandboxRequest) => Reply,
): ProviderCall {
  return { methods, path, takesToken, isMine, answer };
}

function mine(): boolean {
  return true;
}

function answerWith(
  state: WecomProviderState,
  request: SandboxRequest,
  answer: (context: CallContext) => Reply,
  checksIp = true,
): Reply {
  const refuse = (errcode: number, empties?: Record<string, unknown>): Reply =>
    wecomError(state, request, errcode, empties);
  if (checksIp && !isTrustedIp(state, request.ip)) return refuse(60020);
  const body = readBody(request);
  if (!body) return refuse(47001);
  return answer({
    state,
    request,
    body,
    refuse,
    succeed: (fields) => wecomSuccess(state, fields),
  });
}

/** A form is not read: what it holds is missing (reference 2). An empty body is an empty object. */
function readBody(request: SandboxRequest): Record<string, unknown> | undefined {
  const isForm = mediaType(request) === 'application/x-www-form-urlencoded';
  if (request.method !== 'POST' || isForm || request.body.trim() === '') return {};
  return jsonObject(request);
}

/** The provider's list of addresses, the last octet of which may be `*`. */
export function isTrustedIp(state: WecomProviderState, ip: string): boolean {
  const { trustedIps } = state.world.provider;
  return (
    trustedIps.length === 0 ||
    trustedIps.some((it) => it === ip || (it.endsWith('.*') && ip.startsWith(it.slice(0, -1))))
  );
}
