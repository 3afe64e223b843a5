import type { HttpClient } from '../../../common/http-client.js';
import type { ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import { callWecom, fetchedToken, type WecomCall } from '../wecom/wecom.api.js';
import type { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';

/** The seven calls of a corp's own app; each gives a reply that was fine, and throws as `callWecom` does. */
export class WecomSelfBuiltApi {
  constructor(
    private readonly settings: WecomSelfBuiltSettings,
    private readonly http: HttpClient,
  ) {}

  /** The app's token (reference wecom-self-built 3). */
  async accessToken(): Promise<FetchedToken> {
    const path = 'gettoken';
    const { corpId, secret } = this.settings;
    const reply = await this.#call({
      path,
      query: { corpid: corpId },
      sensitiveQuery: { corpsecret: secret.reveal() },
      repeatable: true,
    });
    return fetchedToken(path, reply, 'access_token');
  }

  /**
   * Code → person (6.1). Not repeated once it was sent: an answered code is spent.
   * @param callbackHost the host that the person came back to with the code, if it is known
   */
  userByCode(token: string, code: string, callbackHost?: string): Promise<ReplyObject> {
    return this.#call({
      path: 'auth/getuserinfo',
      token,
      sensitiveQuery: { code },
      repeatable: false,
      ...(callbackHost !== undefined && { callbackHost }),
    });
  }

  /** What the person consented to in the client (6.3). The ticket lives 1800 s and is not spent by a call. */
  userDetail(token: string, userTicket: string): Promise<ReplyObject> {
    const json = { user_ticket: userTicket };
    return this.#call({ path: 'auth/getuserdetail', token, json, repeatable: true });
  }

  /** The corp's own record of a member (7.1). */
  user(token: string, userid: string): Promise<ReplyObject> {
    return this.#call({ path: 'user/get', token, query: { userid }, repeatable: true });
  }

  /** A mini program's code → person (14). Not repeated once it was sent. */
  miniProgramSession(token: string, code: string): Promise<ReplyObject> {
    return this.#call({
      path: 'miniprogram/jscode2session',
      token,
      sensitiveQuery: { js_code: code },
      query: { grant_type: 'authorization_code' },
      repeatable: false,
    });
  }

  /** The ticket for `wx.config` (8). */
  async corpTicket(token: string): Promise<FetchedToken> {
    const path = 'get_jsapi_ticket';
    return fetchedToken(path, await this.#call({ path, token, repeatable: true }), 'ticket');
  }

  /** The ticket for `wx.agentConfig` (8). */
  async agentTicket(token: string): Promise<FetchedToken> {
    const path = 'ticket/get';
    const query = { type: 'agent_config' };
    return fetchedToken(path, await this.#call({ path, token, query, repeatable: true }), 'ticket');
  }

  #call(call: Omit<WecomCall, 'credential'>): Promise<ReplyObject> {
    const { corpId, agentId, endpoints } = this.settings;
    return callWecom(this.http, endpoints.api, { ...call, credential: `${corpId}/${agentId}` });
  }
}
