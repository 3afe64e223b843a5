import type { Judgement, OutboundReply, OutboundRequest } from './http-client.js';

/** A readable answer, and what it comes to. */
export interface Answer {
  readonly reply: OutboundReply;
  readonly judgement: Judgement;
  /** How long the platform asks to be left alone. */
  readonly retryAfterMs: number | undefined;
}

/** A server error is trouble, whatever else the platform says. */
export function judgementOf({ judge }: OutboundRequest, reply: OutboundReply): Judgement {
  const judgement = judge ? judge(reply) : byStatus(reply);
  if (reply.status < 500) return judgement;
  const { code } = judgement.code === 'ok' ? byStatus(reply) : judgement;
  return { trouble: 'busy', ...judgement, code };
}

function byStatus({ status }: OutboundReply): Judgement {
  if (status < 400) return { code: 'ok' };
  return { code: `HTTP ${status}`, ...(status === 429 && { trouble: 'too-fast' }) };
}

/** Reads a `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date. */
export function retryAfterMsIn(
  header: string | readonly string[] | undefined,
  now: Date,
): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d+$/.test(header)
    ? Number(header) * 1000
    : new Date(header).getTime() - now.getTime();
  return ms > 0 ? ms : undefined;
}
