import type { Reply } from '../http/reply.js';
import { single, type SandboxRequest } from '../http/request.js';
import { isTrustedIp, type ApiContext } from './api-call.js';
import { wecomError, wecomSuccess } from './api-reply.js';
import { TOKEN_SECONDS, type WecomState } from './state.js';
import { findCorp } from './world.js';

const TICKETS_PER_HOUR = { app: 100, corp: 400 };

/** `gettoken`, checked in the order of reference wecom 16, rule 3. */
export function gettoken(state: WecomState, request: SandboxRequest): Reply {
  const refuse = (errcode: number): Reply => wecomError(state, request, errcode);
  const secret = single(request.query, 'corpsecret');
  if (secret === undefined) return refuse(41004);
  const corpId = single(request.query, 'corpid');
  if (corpId === undefined) return refuse(41002);
  const corp = findCorp(state.world, corpId);
  if (!corp) return refuse(40013);
  const app = corp.apps.find((it) => it.secret === secret);
  if (!app) return refuse(state.settings.badSecretCode);
  if (app.disabled === true) return refuse(50003);
  if (state.settings.ipRule === 'from-gettoken' && !isTrustedIp(app, request.ip)) {
    return refuse(60020);
  }
  const key = { corpId, agentId: app.agentId };
  const current =
    state.settings.repeatedToken === 'same'
      ? state.tokens.newestLive((it) => it.corpId === corpId && it.agentId === app.agentId)
      : undefined;
  const entry = current ?? state.tokens.put(key, TOKEN_SECONDS);
  return wecomSuccess(state, {
    access_token: entry.id,
    expires_in: state.tokens.secondsLeft(entry),
  });
}

/** `get_jsapi_ticket`: one per company (reference wecom 8). It takes no type. */
export function corpTicket(context: ApiContext): Reply {
  if (context.request.query.has('type')) return context.refuse(91040);
  return ticket(context, context.corp.corpId);
}

/** `ticket/get?type=agent_config`: one per app. */
export function agentTicket(context: ApiContext): Reply {
  if (single(context.request.query, 'type') !== 'agent_config') return context.refuse(91040);
  return ticket(context, `${context.corp.corpId}/${context.app.agentId}`);
}

/** Within its lifetime the same ticket; asked for too often, none (reference wecom 11). */
function ticket({ state, corp, key: app, refuse, succeed }: ApiContext, key: string): Reply {
  const isWithin =
    state.ticketCalls.allow(`${app.corpId}/${app.agentId}`, TICKETS_PER_HOUR.app) &&
    state.ticketCalls.allow(corp.corpId, TICKETS_PER_HOUR.corp);
  if (!isWithin) return refuse(45009);
  const entry =
    state.jsapiTickets.newestLive((it) => it.key === key) ??
    state.jsapiTickets.put({ key }, TOKEN_SECONDS);
  return succeed({ ticket: entry.id, expires_in: state.jsapiTickets.secondsLeft(entry) });
}

/** `getcallbackip` and `get_api_domain_ip` (reference wecom 9.3). */
export function ipList({ succeed }: ApiContext): Reply {
  return succeed({ ip_list: ['203.0.113.*', '198.51.100.7'] });
}
