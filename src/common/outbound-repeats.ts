import type { OutboundRequest } from './http-client.js';
import { NoAnswer } from './no-answer.js';
import type { Answer } from './outbound-answer.js';
import type { OutboundLimits } from './outbound-limits.js';

/**
 * @param repeat 1 for the first
 * @param tried what the last try came to
 * @returns how long to wait before the call is made again; undefined when it is not
 */
export function pauseMsBefore(
  repeat: number,
  request: OutboundRequest,
  tried: Answer | NoAnswer,
  limits: OutboundLimits,
): number | undefined {
  const pauseMs = ownPauseMs(repeat, request, tried, limits);
  const askedMs = tried.retryAfterMs ?? 0;
  if (pauseMs === undefined || askedMs > limits.longestPauseMs) return undefined;
  return Math.max(pauseMs, askedMs);
}

function ownPauseMs(
  repeat: number,
  { repeatable }: OutboundRequest,
  tried: Answer | NoAnswer,
  limits: OutboundLimits,
): number | undefined {
  const busyMs = limits.busyPauseMs * 2 ** repeat * (0.5 + Math.random() / 2);
  if (tried instanceof NoAnswer)
    return !tried.wasSent || (repeatable && tried.mayPass) ? busyMs : undefined;
  const { trouble } = tried.judgement;
  if (!repeatable || trouble === undefined || trouble === 'used-up') return undefined;
  // Never less than the whole pause: the second that was counted has to be over.
  return trouble === 'busy'
    ? busyMs
    : limits.tooFastPauseMs * 2 ** (repeat - 1) * (1 + Math.random() / 4);
}
