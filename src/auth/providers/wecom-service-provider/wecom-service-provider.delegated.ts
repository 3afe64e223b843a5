import { asText, type ReplyObject } from '../platform-reply.js';
import type {
  AuthorizationRequest,
  InAppSignIn,
  PlatformIdentity,
  RedirectSignIn,
} from '../provider.js';
import { isWecomClient } from '../wecom/user-agent.js';
import type { Authorizations } from './wecom-service-provider.authorizations.js';
import { requirePlausible } from './wecom-service-provider.identities.js';
import {
  type AppInCorp,
  corpLoginUrl,
  oauthUrl,
  readCallback,
} from './wecom-service-provider.links.js';
import { consentedProfile } from './wecom-service-provider.profile.js';
import { memberOf } from './wecom-service-provider.replies.js';
import type { ActiveInstallation } from './wecom-service-provider.tenants.js';
import type { SignInParts } from './wecom-service-provider.third-party.js';

/**
 * The sign-ins of a delegated app: each takes place in one corp, with that corp's id and agent id in the link and its token for the code;
 * the answer names no corp (reference wecom-service-provider 9.2 to 9.4).
 */
export function delegatedSignIns(
  parts: SignInParts,
  authorizations: Authorizations,
): { readonly web: RedirectSignIn; readonly inApp: InAppSignIn } {
  const { settings, apis, sources, tenants, tools, nameOf } = parts;
  const { tokens } = tools;
  let callbackHost: string | undefined;

  async function whereTo(request: AuthorizationRequest): Promise<AppInCorp> {
    callbackHost = request.callbackUrl.host;
    const installation = await tenants.ofSignIn(request.tenant);
    return {
      corpId: installation.corpId,
      agentId: await authorizations.agentIdIn(installation),
    };
  }

  async function redeem(
    installation: ActiveInstallation,
    code: string,
  ): Promise<{ readonly person: PlatformIdentity; readonly reply: ReplyObject }> {
    requirePlausible(code);
    const { corpId } = installation;
    const reply = await tenants.whileAuthorized(installation, () =>
      tokens.use(sources.of(corpId).access, (token) =>
        apis.corp.userByCode(token, code, callbackHost),
      ),
    );
    const member = memberOf('auth/getuserinfo', reply);
    const person = { ...nameOf(corpId, member), userId: member.userId, profile: {} };
    return { person, reply };
  }

  const back = {
    readCallback: (query: URLSearchParams) => readCallback('code', query),
  };

  return {
    web: {
      ...back,
      authorizationUrl: async (request) => corpLoginUrl(settings, await whereTo(request), request),
      identify: async (code, tenant) => (await redeem(await tenants.ofSignIn(tenant), code)).person,
    },
    inApp: {
      ...back,
      handOff: 'redirect',
      recognises: isWecomClient,
      authorizationUrl: async (request) => oauthUrl(settings, await whereTo(request), request),
      async identify(code, tenant) {
        const installation = await tenants.ofSignIn(tenant);
        const { person, reply } = await redeem(installation, code);
        const ticket = asText(reply['user_ticket']);
        if (ticket === undefined) return person;
        const member = memberOf('auth/getuserinfo', reply);
        const profile = await consentedProfile('auth/getuserdetail', member, tools, () =>
          tokens.use(sources.of(installation.corpId).access, (token) =>
            apis.corp.userDetail(token, ticket),
          ),
        );
        return { ...person, profile };
      },
    },
  };
}
