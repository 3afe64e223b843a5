import type { OutboundReply } from '../../../common/http-client.js';
import { asObject, asText } from '../platform-reply.js';

/** A refusal as WeCom words it. */
export interface WecomRefusal {
  /** The `errcode`; `HTTP 502` where there was none; `unreadable` where there was something else in its place. */
  readonly code: string;
  /** The `errmsg`, with its hint. Only for operators: its text may change (reference wecom-self-built 2). */
  readonly message?: string;
}

/**
 * A reply is fine when `errcode` is 0 or absent and the HTTP status says so too (2). The other fields of a refusal mean nothing:
 * WeCom fills some of them with empty defaults.
 */
export function refusalIn({ status, body }: OutboundReply): WecomRefusal | undefined {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const errcode = asObject(body)['errcode'];
  const code = asText(errcode)?.trim();
  const message = asText(asObject(body)['errmsg']);
  const words = message === undefined ? {} : { message };
  if (code !== undefined && /^-?\d+$/.test(code) && Number(code) !== 0)
    return { code: String(Number(code)), ...words };
  if (status < 200 || status > 299) return { code: `HTTP ${status}`, ...words };
  if (!isObject) return { code: 'unreadable', message: 'the answer is not an object' };
  if (errcode === undefined || Number(code) === 0) return undefined;
  return { code: 'unreadable', message: 'the answer has an errcode that is not a number' };
}
