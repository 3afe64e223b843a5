import { AppError } from '../../../common/app-error.js';
import { asText } from '../platform-reply.js';
import type { InAppSignIn, PlatformIdentity, ProviderTools, RedirectSignIn } from '../provider.js';
import { isWecomClient } from '../wecom/user-agent.js';
import { type NameOf, requirePlausible } from './wecom-service-provider.identities.js';
import {
  oauthUrl,
  olderLoginUrl,
  readCallback,
  serviceLoginUrl,
} from './wecom-service-provider.links.js';
import { consentedProfile } from './wecom-service-provider.profile.js';
import {
  memberOfLogin,
  type MemberOfCorp,
  memberOfSuite,
} from './wecom-service-provider.replies.js';
import type { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';
import type { Tenants } from './wecom-service-provider.tenants.js';
import type {
  ServiceProviderApis,
  ServiceProviderTokens,
} from './wecom-service-provider.tokens.js';

const byCode = 'service/auth/getuserinfo3rd';

/** What the sign-ins of one connection work with. */
export interface SignInParts {
  readonly settings: WecomServiceProviderSettings;
  readonly apis: ServiceProviderApis;
  readonly sources: ServiceProviderTokens;
  readonly tenants: Tenants;
  readonly tools: ProviderTools;
  readonly nameOf: NameOf;
}

/**
 * The sign-ins of a third-party app: people of any corp come through one page, and the answer says which corp was theirs. Each kind of code
 * has an exchange of its own (reference wecom-service-provider 5, 6, pitfalls 10 to 12).
 */
export function thirdPartySignIns(parts: SignInParts): {
  readonly web: RedirectSignIn;
  readonly inApp: InAppSignIn;
} {
  const { settings, apis, sources, tools } = parts;
  const { tokens } = tools;
  // Only named to operators when WeCom refuses it: a deployment has one.
  let callbackHost: string | undefined;

  const inApp: InAppSignIn = {
    handOff: 'redirect',
    recognises: isWecomClient,
    authorizationUrl: (request) => {
      callbackHost = request.callbackUrl.host;
      return oauthUrl(settings, undefined, request);
    },
    readCallback: (query) => readCallback('code', query),
    async identify(code, tenant) {
      requirePlausible(code);
      const reply = await tokens.use(sources.suite, (token) =>
        apis.suite.userByCode(token, code, callbackHost),
      );
      const member = memberOfSuite(byCode, reply);
      const person = await admitted(parts, member, tenant);
      const ticket = asText(reply['user_ticket']);
      if (ticket === undefined) return person;
      const call = 'service/auth/getuserdetail3rd';
      const profile = await consentedProfile(call, member, tools, () =>
        tokens.use(sources.suite, (token) => apis.suite.userDetail(token, ticket)),
      );
      return { ...person, profile };
    },
  };

  return { web: todaysWay(parts) ?? olderWay(parts), inApp };
}

/** With the 登录授权 suite: its id in the link, its token for the code. Such a code gives nothing but ids. */
function todaysWay(parts: SignInParts): RedirectSignIn | undefined {
  const { settings, apis, sources, tools } = parts;
  const { loginSuite: api } = apis;
  const { loginSuite: source } = sources;
  if (!api || !source) return undefined;
  let callbackHost: string | undefined;
  return {
    authorizationUrl: (request) => {
      callbackHost = request.callbackUrl.host;
      return serviceLoginUrl(settings, api.suite.suiteId, request);
    },
    readCallback: (query) => readCallback('code', query),
    async identify(code, tenant) {
      requirePlausible(code);
      const reply = await tools.tokens.use(source, (token) =>
        api.userByCode(token, code, callbackHost),
      );
      return admitted(parts, memberOfSuite(byCode, reply), tenant);
    },
  };
}

/** With the provider's own id and token; WeCom looks at the Referer of the page that leads there. */
function olderWay(parts: SignInParts): RedirectSignIn {
  const { settings, apis, sources, tools } = parts;
  return {
    leaveBy: 'page',
    authorizationUrl: (request) => olderLoginUrl(settings, request),
    readCallback: (query) => readCallback('auth_code', query),
    async identify(code, tenant) {
      requirePlausible(code);
      const reply = await tools.tokens.use(sources.provider, (token) =>
        apis.provider.loginInfo(token, code),
      );
      return admitted(parts, memberOfLogin('service/get_login_info', reply), tenant);
    },
  };
}

async function admitted(
  { tenants, nameOf }: SignInParts,
  member: MemberOfCorp,
  asked: string | undefined,
): Promise<PlatformIdentity> {
  const { corpId, userId } = member;
  if (asked !== undefined && asked !== corpId)
    throw new AppError('tenant_not_allowed', 'This sign-in was for people of another company.', {
      operator: { platformMessage: `the person belongs to the corp ${corpId}, not to ${asked}` },
    });
  await tenants.admit(corpId);
  return { ...nameOf(corpId, member), userId, profile: {} };
}
