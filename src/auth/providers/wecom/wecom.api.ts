import { AppError } from '../../../common/app-error.js';
import { urlOf } from '../endpoint.js';
import { asNumber, asObject, asText, type ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import type { ProviderTools } from '../provider.js';
import { isBusy, refusalOf, toError } from './wecom.errors.js';

/** One call under `/cgi-bin/`. */
export interface WecomCall {
  /** The path below `/cgi-bin/`, which is also the call's name in logs. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent by POST when present; WeCom takes the token in the query alone (reference wecom 2). */
  readonly json?: unknown;
  readonly token?: string;
  /** Never for the exchange of a code. */
  readonly repeatable: boolean;
}

/** Makes WeCom's calls: each gives a reply that was fine, or throws an error of ours. */
export async function callWecom(
  tools: ProviderTools,
  apiBase: string,
  call: WecomCall,
): Promise<ReplyObject> {
  const { path, query, json, token, repeatable } = call;
  const reply = await tools.http.requestJson({
    platform: 'wecom',
    call: path,
    method: json === undefined ? 'GET' : 'POST',
    url: urlOf(apiBase, `/cgi-bin/${path}`, {
      ...(token !== undefined && { access_token: token }),
      ...query,
    }),
    ...(json !== undefined && { json }),
    repeatable,
    isBusy: (answer) => isBusy(refusalOf(answer.status, answer.body)),
  });
  const refusal = refusalOf(reply.status, reply.body);
  if (refusal) throw toError(path, refusal, token !== undefined);
  return asObject(reply.body);
}

/** Reads a token and its life, in seconds, from a reply. */
export function fetchedToken(path: string, reply: ReplyObject, field: string): FetchedToken {
  const value = asText(reply[field]);
  if (!value) throw unusable(path, `the answer lacks ${field}`);
  return { value, expiresInSeconds: asNumber(reply['expires_in']) ?? 7200 };
}

/** A reply that was fine but lacks what it is for, or says two things at once. */
export function unusable(path: string, words: string): AppError {
  return new AppError(
    'platform_unavailable',
    'WeCom gave an answer that cannot be used. Please try again.',
    {
      operator: { call: path, platformMessage: words },
    },
  );
}
