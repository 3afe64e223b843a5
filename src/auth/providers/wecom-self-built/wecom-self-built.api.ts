import type { ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import type { ProviderTools } from '../provider.js';
import { callWecom, fetchedToken, type WecomCall } from '../wecom/wecom.api.js';
import type { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';

/** The calls of a corp's own app. */
export class WecomSelfBuiltApi {
  constructor(
    private readonly settings: WecomSelfBuiltSettings,
    private readonly tools: ProviderTools,
  ) {}

  /** reference wecom 3 */
  async accessToken(): Promise<FetchedToken> {
    const { corpId, secret } = this.settings;
    const query = { corpid: corpId, corpsecret: secret.reveal() };
    return fetchedToken(
      'gettoken',
      await this.#call({ path: 'gettoken', query, repeatable: true }),
      'access_token',
    );
  }

  /** Code → person (6.1). Sent once: an answered code is spent. */
  userByCode(token: string, code: string): Promise<ReplyObject> {
    return this.#call({ path: 'auth/getuserinfo', token, query: { code }, repeatable: false });
  }

  /** What the person consented to in the client (6.3). */
  userDetail(token: string, userTicket: string): Promise<ReplyObject> {
    return this.#call({
      path: 'auth/getuserdetail',
      token,
      json: { user_ticket: userTicket },
      repeatable: true,
    });
  }

  /** The corp's own record of a member (7.1). */
  user(token: string, userid: string): Promise<ReplyObject> {
    return this.#call({ path: 'user/get', token, query: { userid }, repeatable: true });
  }

  /** A mini program's code → person (14). Sent once. */
  miniProgramSession(token: string, code: string): Promise<ReplyObject> {
    const query = { js_code: code, grant_type: 'authorization_code' };
    return this.#call({ path: 'miniprogram/jscode2session', token, query, repeatable: false });
  }

  /** The ticket for `wx.config` (8). */
  async corpTicket(token: string): Promise<FetchedToken> {
    const path = 'get_jsapi_ticket';
    return fetchedToken(path, await this.#call({ path, token, repeatable: true }), 'ticket');
  }

  /** The ticket for `wx.agentConfig` (8). */
  async agentTicket(token: string): Promise<FetchedToken> {
    const path = 'ticket/get';
    const reply = await this.#call({
      path,
      token,
      query: { type: 'agent_config' },
      repeatable: true,
    });
    return fetchedToken(path, reply, 'ticket');
  }

  #call(call: WecomCall): Promise<ReplyObject> {
    return callWecom(this.tools, this.settings.endpoints.api, call);
  }
}
