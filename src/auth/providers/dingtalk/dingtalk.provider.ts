import { anew } from '../../../common/http-client.js';
import { asText } from '../platform-reply.js';
import type {
  CodeExchange,
  IdentityName,
  PlatformIdentity,
  Provider,
  ProviderFactory,
  ProviderTools,
} from '../provider.js';
import { notAllowed, refuseForeignTenant } from '../identity-names.js';
import { DingtalkApi } from './dingtalk.api.js';
import { checkDingtalk } from './dingtalk.check.js';
import { dingtalkDirectory } from './dingtalk.directory.js';
import { required } from './dingtalk.errors.js';
import { dingtalkEvents } from './dingtalk.events.js';
import { dingtalkJsapi } from './dingtalk.jsapi.js';
import { memberId } from './dingtalk.membership.js';
import { ownProfile } from './dingtalk.profile.js';
import { DingtalkSettings } from './dingtalk.settings.js';
import { dingtalkTokens } from './dingtalk.tokens.js';
import { authorizationUrl, readCallback } from './dingtalk.web.js';

/**
 * DingTalk: OAuth2 in a browser, a silent code inside its client. A person is the `unionId`, which all apps of the corp share;
 * whether they are a member is asked of the corp, never believed from the browser. This folder owns DingTalk's pages, calls,
 * replies and codes; its README holds the console steps.
 */
export const openDingtalk: ProviderFactory<DingtalkSettings> = {
  settings: DingtalkSettings,
  secrets: ['clientSecret', 'eventToken', 'eventAesKey'],
  open,
};

function open(settings: DingtalkSettings, tools: ProviderTools): Provider {
  const { clientId, corpId } = settings;
  const api = new DingtalkApi(settings, tools);
  const tokens = dingtalkTokens(settings, api, tools);
  const events = dingtalkEvents(settings, tools.clock);

  async function identifyInBrowser(code: string): Promise<PlatformIdentity> {
    const grant = await api.userAccessToken(code);
    const me = await api.me(grant.userToken);
    const unionId = required(asText(me['unionId']), 'contact/users/me', 'unionId');
    const profile = ownProfile(me);
    if (corpId === undefined) return personOf(settings, { unionId, tenant: grant.corpId, profile });
    const userId = await memberId(unionId, api, tools.tokens, tokens);
    return personOf(settings, { unionId, tenant: corpId, userId, profile });
  }

  /** The app's token answers for the corp: DingTalk hands such a code to nobody else (reference dingtalk 3.2). */
  const inClient: CodeExchange = {
    async identify(code) {
      const user = await tools.tokens.use(tokens.app, (token) => api.userByCode(token, code));
      const call = 'topapi/v2/user/getuserinfo';
      const displayName = asText(user['name']);
      return personOf(settings, {
        unionId: required(asText(user['unionid']), call, 'unionid'),
        tenant: corpId,
        userId: required(asText(user['userid']), call, 'userid'),
        profile: displayName === undefined ? {} : { displayName },
      });
    },
  };

  return {
    platform: 'dingtalk',
    web: {
      authorizationUrl: (request) => authorizationUrl(settings, request),
      readCallback,
      identify: identifyInBrowser,
    },
    inApp: {
      ...inClient,
      handOff: 'script',
      // The client hands out a code for one corp: without a corp there is no silent way.
      recognises: (userAgent) => corpId !== undefined && /dingtalk/i.test(userAgent),
      bridge: { clientId, corpId: corpId ?? '' },
    },
    miniProgram: inClient,
    ...(corpId !== undefined && { directory: dingtalkDirectory(api, tokens, tools) }),
    nameIdentity: (entry) => nameIdentity(settings, entry),
    // A unionId belongs to a DingTalk account, not to a place in the corp.
    reusesSubject: () => false,
    check: () => {
      const mended = new DingtalkApi(settings, { ...tools, http: anew(tools.http) });
      return checkDingtalk(mended, tokens, tools);
    },
    tokenSources: (tenant) => {
      refuseForeignTenant(tenant, corpId);
      return { access: tokens.app, corpTicket: tokens.jsapiTicket };
    },
    jsapi: dingtalkJsapi(settings, tokens, tools),
    ...(events && { events }),
  };
}

/** `unionId`, the same for all apps of the corp (reference dingtalk 6). */
function nameIdentity(
  { clientId, corpId }: DingtalkSettings,
  { subject, tenant }: { readonly subject: string; readonly tenant?: string },
): IdentityName {
  refuseForeignTenant(tenant, corpId);
  if (!/^[\w+/=-]{4,64}$/.test(subject))
    throw notAllowed('subject', 'must be the unionId of a person');
  return {
    issuer: `dingtalk:${corpId ?? clientId}`,
    subject,
    ...(corpId !== undefined && { tenant: corpId }),
  };
}

function personOf(
  { clientId, corpId }: DingtalkSettings,
  person: Pick<PlatformIdentity, 'profile'> & {
    readonly unionId: string;
    readonly tenant: string | undefined;
    readonly userId?: string;
  },
): PlatformIdentity {
  const { unionId, tenant, userId, profile } = person;
  return {
    issuer: `dingtalk:${corpId ?? clientId}`,
    subject: unionId,
    ...(tenant !== undefined && { tenant }),
    ...(userId !== undefined && { userId }),
    profile,
  };
}
