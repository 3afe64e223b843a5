import type { Secret } from '../../../common/secret.js';
import type { ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import { fetchedToken } from '../wecom/wecom.api.js';
import type { Caller, ServiceProviderCall } from './wecom-service-provider.calls.js';
import { authCodeMeanings } from './wecom-service-provider.meanings.js';

/** A suite's id and secret: the app's, the template's, or the login suite's. */
export interface Suite {
  readonly suiteId: string;
  readonly suiteSecret: Secret;
}

/** The calls that a suite makes with its own token (reference wecom-service-provider 3.2, 3.3, 4, 6). */
export class SuiteApi {
  constructor(
    readonly suite: Suite,
    private readonly call: Caller,
  ) {}

  /** @param ticket the latest that was pushed for this very suite */
  async suiteToken(ticket: Secret): Promise<FetchedToken> {
    const path = 'service/get_suite_token';
    const json = {
      suite_id: this.suite.suiteId,
      suite_secret: this.suite.suiteSecret.reveal(),
      suite_ticket: ticket.reveal(),
    };
    return fetchedToken(
      path,
      await this.call({ path, json, repeatable: true }),
      'suite_access_token',
    );
  }

  /** Lives for twenty minutes. */
  preAuthCode(token: string): Promise<ReplyObject> {
    return this.#call(token, { path: 'service/get_pre_auth_code', repeatable: true });
  }

  /** What the install page that is opened with this code installs: the real thing, or a trial. */
  setSessionInfo(token: string, preAuthCode: string, isTrial: boolean): Promise<ReplyObject> {
    const json = { pre_auth_code: preAuthCode, session_info: { auth_type: isTrial ? 1 : 0 } };
    return this.#call(token, { path: 'service/set_session_info', json, repeatable: true });
  }

  /** Authorization code → permanent code and corp. Not repeated once it was sent: an answered code is spent. */
  permanentCode(token: string, authCode: string): Promise<ReplyObject> {
    return this.#call(token, {
      path: 'service/v2/get_permanent_code',
      json: { auth_code: authCode },
      repeatable: false,
      meanings: authCodeMeanings,
    });
  }

  /** The corp's name, and the app's agent id there. */
  authInfo(token: string, corpId: string, permanentCode: Secret): Promise<ReplyObject> {
    const json = { auth_corpid: corpId, permanent_code: permanentCode.reveal() };
    return this.#call(token, { path: 'service/get_auth_info', json, repeatable: true });
  }

  /** The token of a third-party app inside a corp. */
  async corpToken(token: string, corpId: string, permanentCode: Secret): Promise<FetchedToken> {
    const path = 'service/get_corp_token';
    const json = { auth_corpid: corpId, permanent_code: permanentCode.reveal() };
    const reply = await this.#call(token, { path, json, repeatable: true });
    return fetchedToken(path, reply, 'access_token');
  }

  /** Code → corp and person. Not repeated once it was sent. */
  userByCode(token: string, code: string, callbackHost?: string): Promise<ReplyObject> {
    return this.#call(token, {
      path: 'service/auth/getuserinfo3rd',
      sensitiveQuery: { code },
      repeatable: false,
      ...(callbackHost !== undefined && { callbackHost }),
    });
  }

  /** What the person consented to: never a phone, a mailbox or a real name. */
  userDetail(token: string, userTicket: string): Promise<ReplyObject> {
    const json = { user_ticket: userTicket };
    return this.#call(token, { path: 'service/auth/getuserdetail3rd', json, repeatable: true });
  }

  #call(token: string, call: ServiceProviderCall): Promise<ReplyObject> {
    return this.call({ ...call, token, tokenName: 'suite_access_token' });
  }
}
