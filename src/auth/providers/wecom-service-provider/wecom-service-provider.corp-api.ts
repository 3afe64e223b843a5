import type { Secret } from '../../../common/secret.js';
import type { ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import { fetchedToken } from '../wecom/wecom.api.js';
import type { Caller } from './wecom-service-provider.calls.js';

/** The calls that the app makes inside one corp (reference wecom-service-provider 3.4, 3.5, 9.4, 11.3). */
export class CorpApi {
  constructor(private readonly call: Caller) {}

  /** The token of a delegated app: its permanent code is the app's secret there. */
  async delegatedToken(corpId: string, permanentCode: Secret): Promise<FetchedToken> {
    const path = 'gettoken';
    const reply = await this.call({
      path,
      query: { corpid: corpId },
      sensitiveQuery: { corpsecret: permanentCode.reveal() },
      repeatable: true,
    });
    return fetchedToken(path, reply, 'access_token');
  }

  /** The ticket for `wx.config`. */
  async corpTicket(token: string): Promise<FetchedToken> {
    const path = 'get_jsapi_ticket';
    return fetchedToken(path, await this.call({ path, token, repeatable: true }), 'ticket');
  }

  /** The ticket for `wx.agentConfig`. */
  async agentTicket(token: string): Promise<FetchedToken> {
    const path = 'ticket/get';
    const query = { type: 'agent_config' };
    return fetchedToken(path, await this.call({ path, token, query, repeatable: true }), 'ticket');
  }

  /** A delegated app's code → person; the corp is that of the token. Not repeated once it was sent. */
  userByCode(token: string, code: string, callbackHost?: string): Promise<ReplyObject> {
    return this.call({
      path: 'auth/getuserinfo',
      token,
      sensitiveQuery: { code },
      repeatable: false,
      ...(callbackHost !== undefined && { callbackHost }),
    });
  }

  /** What a member consented to in a delegated app. */
  userDetail(token: string, userTicket: string): Promise<ReplyObject> {
    const json = { user_ticket: userTicket };
    return this.call({ path: 'auth/getuserdetail', token, json, repeatable: true });
  }

  /** @param userIds plain ones, at most a thousand: too many that are wrong block the call for a day */
  openUserIds(token: string, userIds: readonly string[]): Promise<ReplyObject> {
    const json = { userid_list: userIds };
    return this.call({ path: 'batch/userid_to_openuserid', token, json, repeatable: true });
  }
}
