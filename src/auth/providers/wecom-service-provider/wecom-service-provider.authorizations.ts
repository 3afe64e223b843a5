import { AppError } from '../../../common/app-error.js';
import type { Installation } from '../installations.js';
import { asObject, asText, type ReplyObject } from '../platform-reply.js';
import type { ProviderTools } from '../provider.js';
import { unusable } from '../wecom/wecom.errors.js';
import { Secret } from '../../../common/secret.js';
import type { SuiteApi } from './wecom-service-provider.suite-api.js';
import type { ActiveInstallation, Tenants } from './wecom-service-provider.tenants.js';
import type { ServiceProviderTokens } from './wecom-service-provider.tokens.js';

/** What a corp gave the app: how it is obtained, and what it says (reference wecom-service-provider 4.4, 4.5). */
export class Authorizations {
  constructor(
    private readonly suite: SuiteApi,
    private readonly tokens: ServiceProviderTokens,
    private readonly tenants: Tenants,
    private readonly tools: ProviderTools,
  ) {}

  /**
   * Trades an authorization code for the permanent one and saves it at once, as the code is spent then. What else there is to know of the
   * corp may come later.
   * @param grantedAt when the platform told of it, where that was by an event
   * @throws AppError `platform_code_rejected`, the platform's failures
   */
  async complete(authCode: string, grantedAt?: Date): Promise<Installation> {
    requirePlausible(authCode);
    const call = 'service/v2/get_permanent_code';
    const reply = await this.tools.tokens.use(this.tokens.suite, (token) =>
      this.suite.permanentCode(token, authCode),
    );
    const corp = asObject(reply['auth_corp_info']);
    const corpId = asText(corp['corpid']);
    const permanentCode = asText(reply['permanent_code']);
    const name = asText(corp['corp_name']);
    if (corpId === undefined || permanentCode === undefined)
      throw unusable(call, 'the answer lacks permanent_code or auth_corp_info.corpid');
    await this.tools.installations.save({
      corpId,
      permanentCode: new Secret(permanentCode),
      ...(name !== undefined && { name }),
      ...(grantedAt && { grantedAt }),
    });
    await this.#forgetRefusals(corpId);
    await this.#describeIfPossible(corpId);
    const saved = await this.tools.installations.find(corpId);
    if (!saved) throw new Error('an installation that was just saved is missing');
    return saved;
  }

  /**
   * Reads what the corp's authorization says now, and keeps it.
   * @throws AppError `tenant_not_allowed` where it is over, the platform's failures
   */
  describe(installation: ActiveInstallation): Promise<ActiveInstallation> {
    return this.tenants.whileAuthorized(installation, () => this.#describe(installation));
  }

  /**
   * The app's agent id in a corp, asked for where it is not known yet.
   * @throws AppError the platform's failures
   */
  async agentIdIn(installation: ActiveInstallation): Promise<string> {
    const agentId = installation.agentId ?? (await this.describe(installation)).agentId;
    if (agentId === undefined)
      throw unusable('service/get_auth_info', 'the answer lacks auth_info.agent[0].agentid');
    return agentId;
  }

  async #describe(installation: ActiveInstallation): Promise<ActiveInstallation> {
    const { corpId, permanentCode } = installation;
    const reply = await this.tools.tokens.use(this.tokens.suite, (token) =>
      this.suite.authInfo(token, corpId, permanentCode),
    );
    const facts = factsIn(reply);
    await this.tools.installations.describe(corpId, facts);
    return { ...installation, ...facts };
  }

  /**
   * The code is saved already: a corp that is not described yet is described when its agent id is needed. No authorization that was given a
   * moment ago is ended by a refusal here.
   */
  async #describeIfPossible(corpId: string): Promise<void> {
    try {
      // A corp that was suspended here stays so, and nothing is asked for it.
      const found = await this.tools.installations.find(corpId);
      if (found?.status === 'active') await this.#describe(await this.tenants.active(corpId));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.tools.warn('a corp that installed the app could not be described yet', {
        corpId,
        ...error.operator,
      });
    }
  }

  async #forgetRefusals(corpId: string): Promise<void> {
    const { access, corpTicket, agentTicket } = this.tokens.of(corpId);
    for (const source of [access, corpTicket, agentTicket])
      await this.tools.tokens.forgetRefusal(source);
  }
}

/** One agent today; of several, which only old suites have, the first. */
function factsIn(reply: ReplyObject): { readonly name?: string; readonly agentId?: string } {
  const agents = asObject(reply['auth_info'])['agent'];
  const agentId = Array.isArray(agents) ? asText(asObject(agents[0])['agentid']) : undefined;
  const name = asText(asObject(reply['auth_corp_info'])['corp_name']);
  return {
    ...(name !== undefined && { name }),
    ...(agentId !== undefined && { agentId }),
  };
}

function requirePlausible(authCode: string): void {
  if (authCode !== '' && Buffer.byteLength(authCode) <= 512) return;
  throw new AppError('platform_code_rejected', 'This is not an authorization code of WeCom.');
}
