import type { HttpClient, Judgement, OutboundReply } from '../../../common/http-client.js';
import { urlOf } from '../endpoint.js';
import { refusalJudgement } from '../platform-judgement.js';
import { asNumber, asObject, asText, type ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import { toError, unusable } from './wecom.errors.js';
import { meaningOf, type Meanings } from './wecom.meanings.js';
import { refusalIn } from './wecom.replies.js';

/** One call under `/cgi-bin/` (reference wecom-self-built 2): a GET, or a POST when there is a body. */
export interface WecomCall {
  /** The path below `/cgi-bin/`, which is also the call's name in logs. */
  readonly path: string;
  /** Whose limits the call counts against: corp and app. */
  readonly credential: string;
  /** The platform token: it goes into the query, the only place where WeCom reads it. */
  readonly token?: string;
  /** The name under which this call wants its token (reference wecom-service-provider 2). Absent: `access_token`. */
  readonly tokenName?: 'access_token' | 'suite_access_token' | 'provider_access_token';
  /** What may be shown to an operator. */
  readonly query?: Readonly<Record<string, string>>;
  /** What must not come back in an error: a code, the secret. */
  readonly sensitiveQuery?: Readonly<Record<string, string>>;
  /** The JSON body; all of it counts as sensitive. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** False where the call spends a single-use code. */
  readonly repeatable: boolean;
  /** The host that the person was sent back to, where the call spends a code. */
  readonly callbackHost?: string;
  /** What some codes mean on the platform that makes the call; the others mean what they mean on both. */
  readonly meanings?: Meanings;
}

/**
 * What both WeCom platforms share: how a call is made, when a reply is fine, and what each code means. Which calls there are, and
 * whose tokens they take, is each platform's own.
 * @param base the API's base URL, without a trailing slash
 * @returns the reply, which was fine
 * @throws AppError by the table in `wecom.meanings.ts`; `PlatformTokenRejected` where the token is to blame
 */
export async function callWecom(
  http: HttpClient,
  base: string,
  call: WecomCall,
): Promise<ReplyObject> {
  const { path, credential, token, tokenName = 'access_token', meanings } = call;
  const { query, sensitiveQuery, json, repeatable, callbackHost } = call;
  const reply = await http.requestJson({
    platform: 'wecom',
    call: path,
    credential,
    method: json ? 'POST' : 'GET',
    url: urlOf(base, `/cgi-bin/${path}`, {
      ...(token !== undefined && { [tokenName]: token }),
      ...query,
      ...sensitiveQuery,
    }),
    ...(json && { json }),
    repeatable,
    judge: (answer) => judge(answer, meanings),
  });
  const refusal = refusalIn(reply);
  if (!refusal) return asObject(reply.body);
  throw toError(
    {
      name: path,
      withToken: token !== undefined,
      sensitive: [token ?? '', ...textsIn(sensitiveQuery), ...textsIn(json)],
      ...(meanings && { meanings }),
      ...(callbackHost !== undefined && { callbackHost }),
    },
    refusal,
  );
}

/**
 * Reads a token or ticket, and how long it lives, from a reply.
 * @throws AppError `platform_unavailable` when either is missing: a made-up lifetime would serve a dead token
 */
export function fetchedToken(path: string, reply: ReplyObject, field: string): FetchedToken {
  const value = asText(reply[field]);
  if (value === undefined) throw unusable(path, `the answer lacks ${field}`);
  const expiresInSeconds = asNumber(reply['expires_in']);
  if (expiresInSeconds === undefined || expiresInSeconds <= 0)
    throw unusable(path, 'the answer lacks expires_in');
  return { value, expiresInSeconds };
}

function judge(reply: OutboundReply, meanings: Meanings | undefined): Judgement {
  const refusal = refusalIn(reply);
  if (!refusal) return { code: 'ok' };
  return refusalJudgement(refusal.code, meaningOf(refusal, meanings));
}

/** Every text in it, however deep. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
