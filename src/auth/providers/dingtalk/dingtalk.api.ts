import { AppError } from '../../../common/app-error.js';
import type { OutboundReply } from '../../../common/http-client.js';
import { urlOf } from '../endpoint.js';
import { asNumber, asObject, asText, type ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import type { ProviderTools } from '../provider.js';
import { apiRefusal, isBusy, oapiRefusal, toError } from './dingtalk.errors.js';
import type { DingtalkSettings } from './dingtalk.settings.js';

const tokenHeader = 'x-acs-dingtalk-access-token';

/** DingTalk's calls: each gives a reply that was fine, or throws an error of ours. */
export class DingtalkApi {
  constructor(
    private readonly settings: DingtalkSettings,
    private readonly tools: ProviderTools,
  ) {}

  /**
   * Browser code → the person's own token (reference 1.3). Sent once: a code that was answered is spent.
   * @returns the user token, never to be kept
   */
  async userAccessToken(code: string): Promise<string> {
    const reply = await this.#api('userAccessToken', 'POST', '/v1.0/oauth2/userAccessToken', {
      json: {
        clientId: this.settings.clientId,
        clientSecret: this.settings.clientSecret.reveal(),
        code,
        grantType: 'authorization_code',
      },
      repeatable: false,
    });
    return required(asText(reply['accessToken']), 'userAccessToken', 'accessToken');
  }

  /** The person's own profile (1.4): account-level facts, none of them vouched for by a corp. */
  me(userToken: string): Promise<ReplyObject> {
    return this.#api('contact/users/me', 'GET', '/v1.0/contact/users/me', {
      headers: { [tokenHeader]: userToken },
      repeatable: true,
    });
  }

  /** App token (4.2). */
  async appToken(): Promise<FetchedToken> {
    const call = 'oauth2/accessToken';
    const reply = await this.#api(call, 'POST', '/v1.0/oauth2/accessToken', {
      json: { appKey: this.settings.clientId, appSecret: this.settings.clientSecret.reveal() },
      repeatable: true,
    });
    return fetched(call, reply['accessToken'], reply['expireIn']);
  }

  /** JSAPI ticket (5.1). */
  async jsapiTicket(appToken: string): Promise<FetchedToken> {
    const call = 'oauth2/jsapiTickets';
    const reply = await this.#api(call, 'POST', '/v1.0/oauth2/jsapiTickets', {
      headers: { [tokenHeader]: appToken },
      repeatable: true,
    });
    return fetched(call, reply['jsapiTicket'], reply['expireIn']);
  }

  /** In-app code → person (3.2). Sent once. */
  async userByCode(appToken: string, code: string): Promise<ReplyObject> {
    return this.#oapi('topapi/v2/user/getuserinfo', appToken, { code }, false);
  }

  /** The corp's own entry of a person (3.3). */
  async userDetails(appToken: string, userid: string): Promise<ReplyObject> {
    return this.#oapi('topapi/v2/user/get', appToken, { userid, language: 'zh_CN' }, true);
  }

  /** unionId → userid: the membership test (3.4). */
  async userByUnionId(appToken: string, unionid: string): Promise<ReplyObject> {
    return this.#oapi('topapi/user/getbyunionid', appToken, { unionid }, true);
  }

  async #api(
    call: string,
    method: 'GET' | 'POST',
    path: string,
    options: { json?: unknown; headers?: Record<string, string>; repeatable: boolean },
  ): Promise<ReplyObject> {
    const refusalOf = (reply: OutboundReply) => apiRefusal(reply.status, reply.body);
    const reply = await this.tools.http.requestJson({
      platform: 'dingtalk',
      call,
      method,
      url: urlOf(this.settings.endpoints.api, path),
      isBusy: (answer) => isBusy(refusalOf(answer)),
      ...options,
    });
    const refusal = refusalOf(reply);
    if (refusal) throw toError(call, refusal);
    return asObject(reply.body);
  }

  async #oapi(
    call: string,
    appToken: string,
    json: unknown,
    repeatable: boolean,
  ): Promise<ReplyObject> {
    const reply = await this.tools.http.requestJson({
      platform: 'dingtalk',
      call,
      method: 'POST',
      url: urlOf(this.settings.endpoints.oapi, `/${call}`, { access_token: appToken }),
      json,
      repeatable,
      isBusy: (answer) => isBusy(oapiRefusal(answer.body)),
    });
    const refusal = oapiRefusal(reply.body);
    if (refusal) throw toError(call, refusal);
    return asObject(asObject(reply.body)['result']);
  }
}

function fetched(call: string, value: unknown, expireIn: unknown): FetchedToken {
  return {
    value: required(asText(value), call, 'the token'),
    expiresInSeconds: asNumber(expireIn) ?? 7200,
  };
}

/** A reply that was fine but lacks what it is for. */
export function required<T>(value: T | undefined, call: string, what: string): T {
  if (value !== undefined) return value;
  throw new AppError(
    'platform_unavailable',
    'DingTalk gave an answer that cannot be used. Please try again.',
    {
      operator: { call, platformMessage: `the answer lacks ${what}` },
    },
  );
}
