import type { Secret } from '../../../common/secret.js';
import type { ReplyObject } from '../platform-reply.js';
import type { FetchedToken } from '../platform-tokens.js';
import { fetchedToken } from '../wecom/wecom.api.js';
import type { Caller } from './wecom-service-provider.calls.js';

/** Which ids `finish_openid_migration` changes. External contacts (3) are none of ours: whoever uses them migrates them. */
const corpAndMembers = 1;

/** The calls that the provider makes as a company (reference wecom-service-provider 3.1, 5.5, 9.1, 11.3). */
export class ProviderApi {
  constructor(
    private readonly provider: {
      readonly providerCorpId: string;
      readonly providerSecret: Secret;
    },
    private readonly call: Caller,
  ) {}

  async providerToken(): Promise<FetchedToken> {
    const path = 'service/get_provider_token';
    const { providerCorpId, providerSecret } = this.provider;
    const json = { corpid: providerCorpId, provider_secret: providerSecret.reveal() };
    const reply = await this.call({ path, json, repeatable: true });
    return fetchedToken(path, reply, 'provider_access_token');
  }

  /** The older web sign-in: code → person. It wants the provider's token under the name of a corp's. Not repeated once it was sent. */
  loginInfo(token: string, code: string): Promise<ReplyObject> {
    const json = { auth_code: code };
    return this.call({ path: 'service/get_login_info', token, json, repeatable: false });
  }

  /** The link behind the QR code by which a corp takes a delegated template. */
  customizedAuthUrl(token: string, templateId: string, state: string): Promise<ReplyObject> {
    return this.call({
      path: 'service/get_customized_auth_url',
      token,
      tokenName: 'provider_access_token',
      json: { state, templateid_list: [templateId] },
      repeatable: true,
    });
  }

  /** A corp's plain id → the id by which this provider sees it after the migration. */
  openCorpId(token: string, corpId: string): Promise<ReplyObject> {
    return this.call({
      path: 'service/corpid_to_opencorpid',
      token,
      tokenName: 'provider_access_token',
      json: { corpid: corpId },
      repeatable: true,
    });
  }

  /**
   * From now on this provider sees the corp and its members under encrypted ids. There is no way back, so it is not repeated once it was sent.
   * @param agentId of a delegated app, which is migrated by itself
   */
  finishMigration(token: string, corpId: string, agentId?: string): Promise<ReplyObject> {
    return this.call({
      path: 'service/finish_openid_migration',
      token,
      tokenName: 'provider_access_token',
      json: {
        corpid: corpId,
        ...(agentId !== undefined && { agentid: Number(agentId) }),
        openid_type: [corpAndMembers],
      },
      repeatable: false,
    });
  }
}
