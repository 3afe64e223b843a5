import { AppError, type ErrorCode } from './app-error.js';
import type { OutboundRequest } from './http-client.js';
import type { NoAnswer } from './no-answer.js';

const unavailableNow = 'The platform cannot be reached right now. Please try again.';
const limitedNow = 'The platform is asked too often right now. Please try again in a moment.';

/** A call that did not go out. */
export class HeldBack {
  constructor(
    /** For metrics. */
    readonly code: 'breaker-open' | 'resting',
    readonly error: AppError,
  ) {}
}

/** The last try of a call had no answer that could be read. */
export function unavailable(request: OutboundRequest, error: NoAnswer): AppError {
  return new AppError('platform_unavailable', unavailableNow, {
    operator: {
      call: request.call,
      platformMessage: error.message,
      fix:
        error.outcome === 'unreadable'
          ? 'Something else than the platform may have answered: check the connection\u2019s endpoints and OUTBOUND_PROXY, and the platform\u2019s status page.'
          : 'Check that this host can reach the platform (DNS, firewall, OUTBOUND_PROXY), and the platform\u2019s status page.',
    },
  });
}

/** @param reason what the last try met */
export function breakerOpen({ call, url }: OutboundRequest, since: Date, reason: string): HeldBack {
  const error = new AppError('platform_unavailable', unavailableNow, {
    operator: {
      call,
      platformMessage: reason,
      fix: `Not sent: the breaker of this call to ${url.host} has been open since ${since.toISOString()}, as many tries in a row had no usable answer. One call is let through from time to time, and closes it when it is answered. Check that this host can reach the platform (DNS, firewall, OUTBOUND_PROXY), and the platform\u2019s status page.`,
    },
  });
  return new HeldBack('breaker-open', error);
}

/** @param platformCode what the platform said, that wants the rest */
export function resting(
  { call, credential }: OutboundRequest,
  code: Extract<ErrorCode, 'platform_rate_limited' | 'platform_unavailable'>,
  platformCode: string,
  restMs: number,
): HeldBack {
  const retryAfterSeconds = Math.ceil(restMs / 1000);
  const whose = credential === undefined ? '' : ` with ${credential}`;
  const error = new AppError(code, code === 'platform_rate_limited' ? limitedNow : unavailableNow, {
    retryAfterSeconds,
    operator: {
      call,
      platformCode,
      fix: `Not sent: the platform limits this call${whose}, so it rests for another ${retryAfterSeconds} s. See what else calls with this app.`,
    },
  });
  return new HeldBack('resting', error);
}
