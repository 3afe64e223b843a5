import { urlOf } from '../endpoint.js';
import { asNumber, asText, type ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import type { ProviderTools } from '../provider.js';
import { callApi, callOapi } from './dingtalk.calls.js';
import { required } from './dingtalk.errors.js';
import type { DingtalkSettings } from './dingtalk.settings.js';

/** What a browser code is good for. */
export interface UserGrant {
  /** The person's own token: for `me`, in this very sign-in. Never kept. */
  readonly userToken: string;
  /** The corp that the person chose; only where the scope asked for it. */
  readonly corpId: string | undefined;
}

/**
 * DingTalk's calls that a sign-in needs. Each gives a reply that was fine, or throws an `AppError`; those that take the
 * app's token throw `PlatformTokenRejected` when it is that token that was refused, so they belong inside `tokens.use`.
 */
export class DingtalkApi {
  constructor(
    private readonly settings: DingtalkSettings,
    private readonly tools: ProviderTools,
  ) {}

  /** Browser code → the person's own token (reference dingtalk 1.3). Sent once: a code that was answered is spent. */
  async userAccessToken(code: string): Promise<UserGrant> {
    const { clientId, clientSecret } = this.settings;
    const name = 'oauth2/userAccessToken';
    const reply = await callApi(this.tools.http, {
      name,
      credential: clientId,
      method: 'POST',
      url: this.#apiUrl('/v1.0/oauth2/userAccessToken'),
      json: {
        clientId,
        clientSecret: clientSecret.reveal(),
        code,
        grantType: 'authorization_code',
      },
      sensitive: [code, clientSecret.reveal()],
      repeatable: false,
    });
    return {
      userToken: required(asText(reply['accessToken']), name, 'accessToken'),
      corpId: asText(reply['corpId']),
    };
  }

  /** The person's own profile (1.4): facts of an account that crosses corps, none of them vouched for by a corp. */
  me(userToken: string): Promise<ReplyObject> {
    return callApi(this.tools.http, {
      name: 'contact/users/me',
      credential: this.settings.clientId,
      method: 'GET',
      url: this.#apiUrl('/v1.0/contact/users/me'),
      token: { value: userToken, isApps: false },
      repeatable: true,
    });
  }

  /** The app's token (4.2): asking again gives the same one, renewed. */
  async appToken(): Promise<FetchedToken> {
    const { clientId, clientSecret } = this.settings;
    const name = 'oauth2/accessToken';
    const reply = await callApi(this.tools.http, {
      name,
      credential: clientId,
      method: 'POST',
      url: this.#apiUrl('/v1.0/oauth2/accessToken'),
      json: { appKey: clientId, appSecret: clientSecret.reveal() },
      sensitive: [clientSecret.reveal()],
      repeatable: true,
    });
    return fetched(name, reply['accessToken'], reply['expireIn']);
  }

  /** The ticket behind `dd.config` (5.1). */
  async jsapiTicket(appToken: string): Promise<FetchedToken> {
    const name = 'oauth2/jsapiTickets';
    const reply = await callApi(this.tools.http, {
      name,
      credential: this.settings.clientId,
      method: 'POST',
      url: this.#apiUrl('/v1.0/oauth2/jsapiTickets'),
      token: { value: appToken, isApps: true },
      repeatable: true,
    });
    return fetched(name, reply['jsapiTicket'], reply['expireIn']);
  }

  /** In-app code → person (3.2). Sent once. */
  userByCode(appToken: string, code: string): Promise<ReplyObject> {
    return this.#oapi('topapi/v2/user/getuserinfo', appToken, { code }, [code]);
  }

  /** The corp's own entry of a person (3.3). */
  userDetails(appToken: string, userid: string): Promise<ReplyObject> {
    return this.#oapi('topapi/v2/user/get', appToken, { userid, language: 'zh_CN' });
  }

  /** unionId → userid: the membership test (3.4). */
  userByUnionId(appToken: string, unionid: string): Promise<ReplyObject> {
    return this.#oapi('topapi/user/getbyunionid', appToken, { unionid });
  }

  #oapi(
    name: string,
    appToken: string,
    json: Readonly<Record<string, string>>,
    singleUse: readonly string[] = [],
  ): Promise<ReplyObject> {
    return callOapi(this.tools.http, {
      name,
      credential: this.settings.clientId,
      method: 'POST',
      url: urlOf(this.settings.endpoints.oapi, `/${name}`),
      token: { value: appToken, isApps: true },
      json,
      sensitive: singleUse,
      repeatable: singleUse.length === 0,
    });
  }

  #apiUrl(path: string): URL {
    return urlOf(this.settings.endpoints.api, path);
  }
}

function fetched(call: string, value: unknown, expireIn: unknown): FetchedToken {
  return {
    value: required(asText(value), call, 'the token'),
    // The documented lifetime; DingTalk's own tool falls back to it as well (reference dingtalk 10.17).
    expiresInSeconds: asNumber(expireIn) || 7200,
  };
}
