import type { Entry } from '../expiring-store.js';
import { TICKET_CAP_SECONDS, TOKEN_SECONDS, type DingtalkState } from './state.js';

/** Asking again within validity gives the same token, good for two hours from now (reference dingtalk 4.2). */
export function sameTokenRenewed(state: DingtalkState, clientId: string): Entry<unknown> {
  const current = state.appTokens.newestLive((it) => it.clientId === clientId && !it.unified);
  if (!current) return state.appTokens.put({ clientId, unified: false }, TOKEN_SECONDS);
  current.expiresAtMs = state.clock.now() + TOKEN_SECONDS * 1000;
  return current;
}

/** One ticket per app, renewed when asked for, but never beyond a day from its first issue (reference 5.1). */
export function sameTicketRenewed(
  state: DingtalkState,
  clientId: string,
): { ticket: string; expiresIn: number } {
  const { tickets, clock } = state;
  const entry =
    tickets.newestLive((it) => it.clientId === clientId) ??
    tickets.put({ clientId }, TOKEN_SECONDS);
  const capMs = entry.issuedAtMs + TICKET_CAP_SECONDS * 1000;
  entry.expiresAtMs = Math.min(clock.now() + TOKEN_SECONDS * 1000, capMs);
  return { ticket: entry.id, expiresIn: tickets.secondsLeft(entry) };
}
