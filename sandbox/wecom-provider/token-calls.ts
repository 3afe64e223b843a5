import type { Reply } from '../http/reply.js';
import { single, textField, type SandboxRequest } from '../http/request.js';
import type { Entry, ExpiringStore } from '../expiring-store.js';
import { isTrustedIp, type CallContext, type SuiteContext } from './call.js';
import { TOKEN_SECONDS, type WecomProviderState } from './state.js';
import { findSuite } from './world.js';

/** `get_provider_token` (reference 3.1): the provider's own plain corpid and its secret, not a suite's. */
export function providerToken({ state, request, body, refuse, succeed }: CallContext): Reply {
  const { provider } = state.world;
  const corpId = textField(body, 'corpid');
  if (corpId === undefined) return refuse(41002);
  const secret = textField(body, 'provider_secret');
  if (secret === undefined) return refuse(41004);
  if (corpId.toLowerCase() !== provider.corpId) return refuse(40013);
  if (secret !== provider.secret) return refuse(40001);
  if (!isTrustedIp(state, request.ip)) return refuse(60020);
  const key = { corpId: provider.corpId };
  const entry = sameOrNew(state.providerTokens, key, () => true);
  return succeed({
    provider_access_token: entry.id,
    expires_in: state.providerTokens.secondsLeft(entry),
  });
}

/** `get_suite_token` (reference 3.2): one of the suite's own tickets, not older than 30 minutes. */
export function suiteToken({ state, request, body, refuse, succeed }: CallContext): Reply {
  const suiteId = textField(body, 'suite_id');
  if (suiteId === undefined) return refuse(41021);
  const secret = textField(body, 'suite_secret');
  if (secret === undefined) return refuse(41024);
  const ticket = textField(body, 'suite_ticket');
  if (ticket === undefined) return refuse(41023);
  const suite = findSuite(state.world, suiteId);
  if (!suite) return refuse(40083);
  if (secret !== suite.secret) return refuse(40080);
  if (state.suiteTickets.live(ticket)?.value.suiteId !== suiteId) return refuse(40085);
  if (!isTrustedIp(state, request.ip)) return refuse(60020);
  const entry =
    state.settings.repeatedSuiteToken === 'same'
      ? sameOrNew(state.suiteTokens, { suiteId }, (it) => it.suiteId === suiteId)
      : state.suiteTokens.put({ suiteId }, TOKEN_SECONDS);
  return succeed({
    suite_access_token: entry.id,
    expires_in: state.suiteTokens.secondsLeft(entry),
  });
}

/** `get_corp_token` (reference 3.3): third-party apps only. */
export function corpToken({ state, suite, body, refuse, succeed }: SuiteContext): Reply {
  const seen = textField(body, 'auth_corpid');
  if (seen === undefined) return refuse(41002);
  const permanentCode = textField(body, 'permanent_code');
  if (permanentCode === undefined) return refuse(41025);
  if (suite.kind === 'delegated') return refuse(state.settings.delegatedCorpTokenCode);
  const refusal = whyUnauthorised(state, suite.suiteId, seen, permanentCode);
  if (refusal !== undefined) return refuse(refusal);
  const corpId = state.seen.findCorp(seen)?.corpId ?? '';
  return succeed(issueCorpToken(state, corpId, suite.suiteId));
}

/** Whether a corp's permanent code is good for a suite: 40084, or what the tester wants after a cancellation. */
export function whyUnauthorised(
  state: WecomProviderState,
  suiteId: string,
  seenCorpId: string,
  permanentCode: string,
): number | undefined {
  const former = state.world.installations.find(
    (it) => it.permanentCode === permanentCode && it.suiteId === suiteId,
  );
  if (former?.status === 'cancelled') return state.settings.cancelledCode;
  const corp = state.seen.findCorp(seenCorpId);
  return former && former.corpId === corp?.corpId ? undefined : 40084;
}

/** `gettoken` (reference 3.4) for a delegated app, whose secret is the permanent code, or a corp's own app. */
export function gettoken({ state, request, refuse, succeed }: CallContext): Reply {
  const secret = single(request.query, 'corpsecret');
  if (secret === undefined) return refuse(41004);
  const seen = single(request.query, 'corpid');
  if (seen === undefined) return refuse(41002);
  const own = ownAppOf(state, seen);
  if (own?.ownApp.secret === secret) return succeed(issueCorpToken(state, own.corpId));
  const corp = state.seen.findCorp(seen);
  if (!corp) return refuse(40013);
  const installation = state.world.installations.find(
    (it) => it.corpId === corp.corpId && it.permanentCode === secret,
  );
  const isDelegated = findSuite(state.world, installation?.suiteId)?.kind === 'delegated';
  if (!installation || !isDelegated || installation.status !== 'active') {
    return refuse(state.settings.badSecretCode);
  }
  if (!isTrustedIp(state, request.ip)) return refuse(60020);
  return succeed(issueCorpToken(state, corp.corpId, installation.suiteId));
}

/** Whether a corp id is one of this world's, in either form. */
export function isCustomerId(state: WecomProviderState, corpId: string | undefined): boolean {
  if (corpId === undefined) return false;
  return (
    state.seen.findCorp(corpId) !== undefined ||
    state.world.corps.some((it) => it.corpId === corpId || state.ids.corpId(it.corpId) === corpId)
  );
}

/** Whether `gettoken` means this world. */
export function isCustomerRequest(state: WecomProviderState, request: SandboxRequest): boolean {
  return isCustomerId(state, single(request.query, 'corpid'));
}

/** The token of an app in a corp: the same within its lifetime. */
export function issueCorpToken(
  state: WecomProviderState,
  corpId: string,
  suiteId?: string,
): { access_token: string; expires_in: number } {
  const key = suiteId === undefined ? { corpId } : { corpId, suiteId };
  const entry = sameOrNew(
    state.corpTokens,
    key,
    (it) => it.corpId === corpId && it.suiteId === suiteId,
  );
  return { access_token: entry.id, expires_in: state.corpTokens.secondsLeft(entry) };
}

/** The corp itself knows its plain id only. */
function ownAppOf(state: WecomProviderState, corpId: string) {
  return state.world.corps.find((it) => it.corpId === corpId.toLowerCase());
}

function sameOrNew<T>(store: ExpiringStore<T>, value: T, fits: (value: T) => boolean): Entry<T> {
  return store.newestLive(fits) ?? store.put(value, TOKEN_SECONDS);
}

/** Forgets the tokens of an app in a corp, or of all its apps. */
export function dropCorpTokens(state: WecomProviderState, corpId: string, suiteId?: string): void {
  state.corpTokens.removeWhere(
    (it) => it.corpId === corpId && (suiteId === undefined || it.suiteId === suiteId),
  );
}
