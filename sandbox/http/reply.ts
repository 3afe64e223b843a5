import type { Html } from '../pages/html.js';
import { wireJson } from './wire-json.js';

/** What the sandbox answers. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the request log: the platform's own code when the call was refused. */
  readonly outcome?: string;
}

const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export function jsonReply(
  fields: unknown,
  options: { status?: number; headers?: Record<string, string>; outcome?: string } = {},
): Reply {
  return {
    status: options.status ?? 200,
    headers: { 'content-type': 'application/json;charset=utf-8', ...options.headers },
    body: wireJson(fields),
    ...(options.outcome === undefined ? {} : { outcome: options.outcome }),
  };
}

export function pageReply(page: Html, status = 200, outcome?: string): Reply {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
      'cache-control': 'no-store',
    },
    body: page.text,
    ...(outcome === undefined ? {} : { outcome }),
  };
}

export function redirectReply(location: string, status = 302): Reply {
  return { status, headers: { location, 'cache-control': 'no-store' }, body: '' };
}

export function emptyReply(status: number): Reply {
  return { status, headers: {}, body: '' };
}
