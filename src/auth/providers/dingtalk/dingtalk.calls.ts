import type { HttpClient } from '../../../common/http-client.js';
import { refusalJudgement } from '../platform-judgement.js';
import { asObject, type ReplyObject } from '../platform-reply.js';
import { toError } from './dingtalk.errors.js';
import { meaningOf } from './dingtalk.meanings.js';
import { apiRefusal, oapiRefusal, type RefusalReader } from './dingtalk.replies.js';

/** One call to either of DingTalk's API families (reference dingtalk 0.3). */
export interface DingtalkCall {
  /** e.g. `contact/users/me`: for logs and operators. */
  readonly name: string;
  /** Whose limits the call counts against: the app's `clientId`. */
  readonly credential: string;
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  /** The token to call with, and whether it is the app's or a person's. */
  readonly token?: { readonly value: string; readonly isApps: boolean };
  readonly json?: Readonly<Record<string, string>>;
  /** What else is sent that must not come back in an error: a code, the secret. */
  readonly sensitive?: readonly string[];
  /** False where the call spends a single-use code. */
  readonly repeatable: boolean;
}

/**
 * Calls `api.dingtalk.com`: the token goes into a header.
 * @returns the bare object
 * @throws AppError, or `PlatformTokenRejected` for the app's token
 */
export async function callApi(http: HttpClient, call: DingtalkCall): Promise<ReplyObject> {
  const headers = call.token && { 'x-acs-dingtalk-access-token': call.token.value };
  return asObject(await send(http, call, call.url, headers, apiRefusal));
}

/**
 * Calls `oapi.dingtalk.com`: the token goes into the query; a header is not read there.
 * @returns the `result`
 * @throws as `callApi`
 */
export async function callOapi(http: HttpClient, call: DingtalkCall): Promise<ReplyObject> {
  const url = new URL(call.url);
  if (call.token) url.searchParams.set('access_token', call.token.value);
  const body = asObject(await send(http, call, url, undefined, oapiRefusal));
  return asObject(body['result']);
}

async function send(
  http: HttpClient,
  call: DingtalkCall,
  url: URL,
  headers: Readonly<Record<string, string>> | undefined,
  refusalIn: RefusalReader,
): Promise<unknown> {
  const reply = await http.requestJson({
    platform: 'dingtalk',
    call: call.name,
    credential: call.credential,
    method: call.method,
    url,
    ...(headers && { headers }),
    ...(call.json && { json: call.json }),
    repeatable: call.repeatable,
    judge: (answer) => {
      const refusal = refusalIn(answer);
      return refusal ? refusalJudgement(refusal.code, meaningOf(refusal)) : { code: 'ok' };
    },
  });
  const refusal = refusalIn(reply);
  if (!refusal) return reply.body;
  const { token, sensitive = [] } = call;
  throw toError(
    {
      name: call.name,
      withAppToken: token?.isApps === true,
      sensitive: token ? [token.value, ...sensitive] : sensitive,
    },
    refusal,
  );
}
