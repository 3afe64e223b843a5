import { jsapiCalls, jsapiReply, readJsapiPage } from '../wecom/jsapi-calls.js';
import {
  needsConfigFirst,
  text,
  verifyPage,
  type JsapiCall,
  type JsapiPage,
} from '../wecom/jsapi-verification.js';
import type { WecomState } from '../wecom/state.js';
import type { ProviderCall } from './call.js';
import type { WecomProviderState } from './state.js';
import { isCustomerId } from './token-calls.js';
import { findSuite } from './world.js';

/** What the client says of a page of the provider's in a corp: 0, or the code it refuses with (reference 3.5). */
export function verifyProviderJsapi(
  state: WecomProviderState,
  call: JsapiCall,
  page: JsapiPage,
): number {
  const seen = corpIdOf(call, page);
  if (seen === undefined) return 40063;
  const corp = state.seen.findCorp(seen);
  if (!corp) return 40013;
  const inCorp = state.world.installations.filter(
    (it) => it.corpId === corp.corpId && it.status !== 'cancelled',
  );
  const agentId = Number(text(page.configured['agentid']));
  const apps = call === 'config' ? inCorp : inCorp.filter((it) => it.agentId === agentId);
  if (apps.length === 0) return call === 'config' ? 48004 : 40056;
  if (call === 'agentConfig' && apps[0]?.status === 'disabled') return 50003;
  return verifyPage(page, {
    key: call === 'config' ? corp.corpId : `${corp.corpId}/${agentId}`,
    tickets: state.jsapiTickets,
    trustedDomains: apps.flatMap(({ suiteId }) =>
      state.domains.list(suiteId, findSuite(state.world, suiteId)?.trustedDomain),
    ),
  });
}

/** Where the libraries send what a page configured, for corps of this side. */
export function providerJsapiCalls(wecom: WecomState, state: WecomProviderState): ProviderCall[] {
  return jsapiCalls.map((call) => ({
    methods: ['POST'],
    path: `/sandbox/jsapi/${call}`,
    takesToken: false,
    isMine: (request) => isCustomerId(state, corpIdOf(call, readJsapiPage(request))),
    answer: (request) => {
      const page = readJsapiPage(request);
      const isTooEarly = call === 'agentConfig' && !page.hasConfig && needsConfigFirst(wecom);
      const errcode = isTooEarly ? 48002 : verifyProviderJsapi(state, call, page);
      return jsapiReply(state, request, errcode);
    },
  }));
}

function corpIdOf(call: JsapiCall, { configured }: JsapiPage): string | undefined {
  return text(configured[call === 'config' ? 'appId' : 'corpid']);
}
