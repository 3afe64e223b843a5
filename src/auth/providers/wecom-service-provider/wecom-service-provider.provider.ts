import { AppError } from '../../../common/app-error.js';
import { anew } from '../../../common/http-client.js';
import type { HttpClient } from '../../../common/http-client.js';
import type { Jsapi } from '../jsapi.js';
import type { Provider, ProviderFactory, ProviderTools, TokenSources } from '../provider.js';
import { wxAgentConfig, wxConfig } from '../wecom/wecom.jsapi.js';
import { Authorizations } from './wecom-service-provider.authorizations.js';
import { callerFor } from './wecom-service-provider.calls.js';
import { checkServiceProvider } from './wecom-service-provider.check.js';
import { CorpApi } from './wecom-service-provider.corp-api.js';
import { delegatedSignIns } from './wecom-service-provider.delegated.js';
import { serviceProviderEvents } from './wecom-service-provider.events.js';
import { nameIdentity, namesOf, reusesSubject } from './wecom-service-provider.identities.js';
import { serviceProviderInstalling } from './wecom-service-provider.installing.js';
import { idMigration } from './wecom-service-provider.migration.js';
import { ProviderApi } from './wecom-service-provider.provider-api.js';
import { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';
import { SuiteApi } from './wecom-service-provider.suite-api.js';
import { Tenants } from './wecom-service-provider.tenants.js';
import { type SignInParts, thirdPartySignIns } from './wecom-service-provider.third-party.js';
import {
  type ServiceProviderApis,
  serviceProviderTokens,
} from './wecom-service-provider.tokens.js';

/**
 * A WeCom service provider's app, which any corp may install: a third-party app (第三方应用), or a template of which each corp gets its own
 * app (代开发). A person is their `open_userid`, within their corp as this provider sees it. This folder owns the provider's and the suites'
 * links, calls, callbacks and codes; `../wecom/` what both WeCom platforms share; the README holds the console steps.
 */
export const openWecomServiceProvider: ProviderFactory<WecomServiceProviderSettings> = {
  settings: WecomServiceProviderSettings,
  secrets: [
    'providerSecret',
    'suiteSecret',
    'eventToken',
    'eventAesKey',
    'appEventToken',
    'appEventAesKey',
    'loginSuite.suiteSecret',
    'loginSuite.eventToken',
    'loginSuite.eventAesKey',
  ],
  servesManyCorps: true,
  fixed: ['appType', 'providerCorpId', 'suiteId'],
  open,
};

function open(settings: WecomServiceProviderSettings, tools: ProviderTools): Provider {
  const { appType, providerCorpId } = settings;
  const isDelegated = appType === 'delegated';
  const apis = apisOf(settings, tools.http);
  const tenants = new Tenants(settings, tools.installations);
  const sources = serviceProviderTokens(settings, apis, tenants, tools);
  const authorizations = new Authorizations(apis.suite, sources, tenants, tools);
  const parts: SignInParts = {
    settings,
    apis,
    sources,
    tenants,
    tools,
    nameOf: namesOf(providerCorpId),
  };

  /** Asks for the installation each time: a token that is still in the cache is not for a corp that took the app away. */
  async function tokenSources(tenant: string | undefined): Promise<Required<TokenSources>> {
    if (tenant === undefined) throw tenantMissing();
    await tenants.active(tenant);
    return sources.of(tenant);
  }

  const jsapi: Jsapi = {
    async sign({ url, ticket, tenant }) {
      const { corpTicket, agentTicket } = await tokenSources(tenant);
      const installation = await tenants.active(tenant ?? '');
      const { corpId } = installation;
      if (ticket === 'corp')
        return wxConfig({ corpId }, await tools.tokens.get(corpTicket), url, tools.clock);
      const agentId = await authorizations.agentIdIn(installation);
      const app = { corpId, agentId };
      return wxAgentConfig(app, await tools.tokens.get(agentTicket), url, tools.clock);
    },
  };

  return {
    platform: 'wecom-service-provider',
    ...(isDelegated ? delegatedSignIns(parts, authorizations) : thirdPartySignIns(parts)),
    ...(isDelegated && { tenantChoice: () => tenants.choice() }),
    jsapi,
    tokenSources,
    installing: serviceProviderInstalling(settings, apis, sources, authorizations, tools),
    events: serviceProviderEvents(settings, sources, tenants, authorizations, tools),
    idMigration: idMigration(providerCorpId, apis, sources, tenants, tools),
    nameIdentity: (entry) => nameIdentity(providerCorpId, entry),
    reusesSubject,
    check: () =>
      checkServiceProvider(settings, apisOf(settings, anew(tools.http)), sources, tenants, tools),
  };
}

function apisOf(settings: WecomServiceProviderSettings, http: HttpClient): ServiceProviderApis {
  const { endpoints, providerCorpId, suiteId, loginSuite } = settings;
  const caller = (credential: string) => callerFor(http, endpoints.api, credential);
  return {
    provider: new ProviderApi(settings, caller(providerCorpId)),
    suite: new SuiteApi(settings, caller(suiteId)),
    ...(loginSuite && { loginSuite: new SuiteApi(loginSuite, caller(loginSuite.suiteId)) }),
    corp: new CorpApi(caller(suiteId)),
  };
}

function tenantMissing(): AppError {
  return new AppError('value_not_allowed', 'This connection serves many corps: say which.', {
    errors: [{ field: 'tenant', message: 'must be the id of a corp that installed the app' }],
  });
}
