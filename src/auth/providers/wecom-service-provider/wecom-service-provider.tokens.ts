import { AppError } from '../../../common/app-error.js';
import type { SuiteTicket } from '../installations.js';
import type { FetchedToken, TokenSource } from '../platform-tokens.js';
import type { ProviderTools, TokenSources } from '../provider.js';
import type { CorpApi } from './wecom-service-provider.corp-api.js';
import { awaitTicket } from './wecom-service-provider.meanings.js';
import type { ProviderApi } from './wecom-service-provider.provider-api.js';
import type { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';
import type { SuiteApi } from './wecom-service-provider.suite-api.js';
import type { ActiveInstallation, Tenants } from './wecom-service-provider.tenants.js';

/** A ticket survives two pushes that were missed, and no more (reference wecom-service-provider 3.2). */
const ticketLivesMs = 30 * 60 * 1000;

/** The tokens of one app in all its corps, as the token cache knows them. */
export interface ServiceProviderTokens {
  readonly provider: TokenSource;
  readonly suite: TokenSource;
  /** Today's web sign-in has a suite of its own, and so a ticket and a token. */
  readonly loginSuite?: TokenSource;
  /** What belongs to the app in one corp, installed or not: to fetch any of it asks for the installation first. */
  of(corpId: string): Required<TokenSources>;
}

/** What asks WeCom for them. */
export interface ServiceProviderApis {
  readonly provider: ProviderApi;
  readonly suite: SuiteApi;
  readonly loginSuite?: SuiteApi;
  readonly corp: CorpApi;
}

export function serviceProviderTokens(
  settings: WecomServiceProviderSettings,
  apis: ServiceProviderApis,
  tenants: Tenants,
  tools: ProviderTools,
): ServiceProviderTokens {
  const { providerCorpId, providerSecret } = settings;
  const suite = suiteSource(apis.suite, tools);
  return {
    provider: {
      kind: 'wecom-provider-token',
      credential: providerCorpId,
      secret: providerSecret,
      fetch: () => apis.provider.providerToken(),
    },
    suite,
    ...(apis.loginSuite && { loginSuite: suiteSource(apis.loginSuite, tools) }),
    of: (corpId) => corpSources(settings, corpId, suite, apis, tenants, tools),
  };
}

/**
 * The ticket that a suite token is asked for with.
 * @throws AppError `platform_misconfigured` where none is good: WeCom would refuse it, so it is not asked
 */
export async function goodTicket(
  suiteId: string,
  { suiteTickets, clock }: ProviderTools,
): Promise<SuiteTicket> {
  const ticket = await suiteTickets.find(suiteId);
  const ageMs = ticket ? clock.now().getTime() - ticket.pushedAt.getTime() : Infinity;
  if (ticket && ageMs < ticketLivesMs) return ticket;
  const state = ticket
    ? `the newest ticket of the suite ${suiteId} is ${Math.floor(ageMs / 60_000)} minutes old, and only good for 30`
    : `no ticket of the suite ${suiteId} has been pushed yet`;
  throw new AppError(
    'platform_misconfigured',
    'The connection to WeCom is not set up completely. Please tell an administrator.',
    { operator: { call: 'service/get_suite_token', platformMessage: state, fix: awaitTicket } },
  );
}

function suiteSource(api: SuiteApi, tools: ProviderTools): TokenSource {
  const { suiteId, suiteSecret } = api.suite;
  return {
    kind: 'wecom-suite-token',
    credential: suiteId,
    secret: suiteSecret,
    fetch: async () => api.suiteToken((await goodTicket(suiteId, tools)).value),
  };
}

/**
 * The permanent code stays in Postgres and is read at each fetch: the sources are told apart by suite and corp, so that a corp that
 * installs anew goes on with them. Nothing is asked for a corp that is suspended or gone.
 */
function corpSources(
  { appType, suiteId, suiteSecret }: WecomServiceProviderSettings,
  corpId: string,
  suite: TokenSource,
  apis: ServiceProviderApis,
  tenants: Tenants,
  { tokens }: ProviderTools,
): Required<TokenSources> {
  const whose = { credential: suiteId, tenant: corpId, secret: suiteSecret };
  async function fetchFor(
    work: (installation: ActiveInstallation) => Promise<FetchedToken>,
  ): Promise<FetchedToken> {
    const installation = await tenants.active(corpId);
    return tenants.whileAuthorized(installation, () => work(installation));
  }
  const access: TokenSource = {
    ...whose,
    kind: 'wecom-corp-token',
    ...(appType === 'third-party' && { dependsOn: suite }),
    fetch: () =>
      fetchFor(({ permanentCode }) =>
        appType === 'delegated'
          ? apis.corp.delegatedToken(corpId, permanentCode)
          : tokens.use(suite, (token) => apis.suite.corpToken(token, corpId, permanentCode)),
      ),
  };
  const ticket = (kind: string, fetch: (token: string) => Promise<FetchedToken>): TokenSource => ({
    ...whose,
    kind,
    dependsOn: access,
    fetch: () => fetchFor(() => tokens.use(access, fetch)),
  });
  return {
    access,
    corpTicket: ticket('wecom-corp-ticket', (token) => apis.corp.corpTicket(token)),
    agentTicket: ticket('wecom-agent-ticket', (token) => apis.corp.agentTicket(token)),
  };
}
