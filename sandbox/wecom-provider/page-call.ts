import { header, type SandboxRequest } from '../http/request.js';
import type { Entry } from '../expiring-store.js';
import type { ProviderCall } from './call.js';
import type { LoginAttempt } from './grants.js';
import type { WecomProviderState } from './state.js';

/** A page of a host that the self-built world shares. */
export function pageCall(
  path: string,
  isMine: ProviderCall['isMine'],
  answer: ProviderCall['answer'],
): ProviderCall {
  return { methods: ['GET'], path, takesToken: false, isMine, answer };
}

/** What follows a page that this side has opened. */
export function nextCall(
  state: WecomProviderState,
  path: string,
  answer: ProviderCall['answer'],
): ProviderCall {
  return pageCall(
    path,
    ({ params }) => state.attempts.find(params['attempt'] ?? '') !== undefined,
    answer,
  );
}

/** The page that the request goes on with, if it is one of these. */
export function openAttempt(
  state: WecomProviderState,
  request: SandboxRequest,
  pages: readonly LoginAttempt['page'][],
): Entry<LoginAttempt> | undefined {
  const entry = state.attempts.live(request.params['attempt'] ?? '');
  return entry && pages.includes(entry.value.page) ? entry : undefined;
}

/** The host, with its port, of the page that led here. */
export function refererHost(request: SandboxRequest): string {
  const referer = header(request, 'referer') ?? '';
  return URL.canParse(referer) ? new URL(referer).host : '';
}
