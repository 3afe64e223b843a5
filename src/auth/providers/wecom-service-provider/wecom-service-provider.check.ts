import { tryOut } from '../credential-check.js';
import type { SuiteTicket } from '../installations.js';
import type { CredentialCheck, ProviderTools } from '../provider.js';
import type { SuiteApi } from './wecom-service-provider.suite-api.js';
import type { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';
import type { Tenants } from './wecom-service-provider.tenants.js';
import {
  goodTicket,
  type ServiceProviderApis,
  type ServiceProviderTokens,
} from './wecom-service-provider.tokens.js';

/** A connection may have a thousand tenants; a few tell whether it is the connection or one of them. */
const mostTenants = 3;

/** Tries the provider's secret, each suite's ticket and secret, and the authorization of a few corps. The tokens in the cache stay. */
export async function checkServiceProvider(
  settings: WecomServiceProviderSettings,
  apis: ServiceProviderApis,
  sources: ServiceProviderTokens,
  tenants: Tenants,
  tools: ProviderTools,
): Promise<readonly CredentialCheck[]> {
  const { provider, suite, loginSuite } = sources;
  for (const source of [provider, suite, ...(loginSuite ? [loginSuite] : [])])
    await tools.tokens.forgetRefusal(source);
  const asProvider = await tryOut('provider-token', () => apis.provider.providerToken());
  const { token, checks } = await trySuite('suite', apis.suite, tools);
  const login = apis.loginSuite && (await trySuite('login-suite', apis.loginSuite, tools)).checks;
  return [
    asProvider,
    ...checks,
    ...(login ?? []),
    ...(await tryTenants(token, settings, apis, sources, tenants, tools)),
  ];
}

async function trySuite(
  name: string,
  api: SuiteApi,
  tools: ProviderTools,
): Promise<{ readonly token?: string; readonly checks: readonly CredentialCheck[] }> {
  let pushed: SuiteTicket | undefined;
  const ticket = await tryOut(`${name}-ticket`, async () => {
    pushed = await goodTicket(api.suite.suiteId, tools);
  });
  if (!pushed) return { checks: [ticket] };
  const { value } = pushed;
  let token: string | undefined;
  const access = await tryOut(`${name}-token`, async () => {
    ({ value: token } = await api.suiteToken(value));
  });
  return { ...(token !== undefined && { token }), checks: [ticket, access] };
}

/** @param suiteToken absent where it can't be had: a third-party app's corps can't be tried then */
async function tryTenants(
  suiteToken: string | undefined,
  { appType }: WecomServiceProviderSettings,
  apis: ServiceProviderApis,
  sources: ServiceProviderTokens,
  tenants: Tenants,
  tools: ProviderTools,
): Promise<readonly CredentialCheck[]> {
  const checks: CredentialCheck[] = [];
  for (const { corpId } of (await tenants.choice()).slice(0, mostTenants)) {
    for (const source of Object.values(sources.of(corpId)))
      await tools.tokens.forgetRefusal(source);
    if (appType === 'third-party' && suiteToken === undefined) continue;
    checks.push(
      await tryOut(`corp-token ${corpId}`, async () => {
        const installation = await tenants.active(corpId);
        const { permanentCode } = installation;
        return tenants.whileAuthorized(installation, () =>
          appType === 'delegated'
            ? apis.corp.delegatedToken(corpId, permanentCode)
            : apis.suite.corpToken(suiteToken ?? '', corpId, permanentCode),
        );
      }),
    );
  }
  return checks;
}
