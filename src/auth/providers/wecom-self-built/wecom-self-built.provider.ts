import { AppError } from '../../../common/app-error.js';
import { anew } from '../../../common/http-client.js';
import { asText, type ReplyObject } from '../platform-reply.js';
import type {
  AuthorizationRequest,
  CodeExchange,
  PlatformIdentity,
  Provider,
  ProviderFactory,
  ProviderTools,
} from '../provider.js';
import { isWecomClient } from '../wecom/user-agent.js';
import { unusable } from '../wecom/wecom.errors.js';
import { wxAgentConfig, wxConfig } from '../wecom/wecom.jsapi.js';
import { notAllowed, refuseForeignTenant } from '../identity-names.js';
import { WecomSelfBuiltApi } from './wecom-self-built.api.js';
import { checkWecomSelfBuilt } from './wecom-self-built.check.js';
import { consentedProfile } from './wecom-self-built.consent.js';
import { wecomSelfBuiltDirectory } from './wecom-self-built.directory.js';
import { wecomSelfBuiltEvents } from './wecom-self-built.events.js';
import { loginUrl, oauthUrl, readCallback } from './wecom-self-built.links.js';
import { memberId, subjectOf } from './wecom-self-built.replies.js';
import { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';
import { wecomSelfBuiltTokens } from './wecom-self-built.tokens.js';

/**
 * A corp's own WeCom app: a login page in an ordinary browser, an OAuth link inside the client. A person is their `userid` in the
 * corp, compared without case. This folder owns the app's links, calls and replies; `../wecom/` what both WeCom platforms share; the
 * README holds the console steps.
 */
export const openWecomSelfBuilt: ProviderFactory<WecomSelfBuiltSettings> = {
  settings: WecomSelfBuiltSettings,
  secrets: [
    'secret',
    'eventToken',
    'eventAesKey',
    'contactSecret',
    'contactEventToken',
    'contactEventAesKey',
  ],
  open,
};

function open(settings: WecomSelfBuiltSettings, tools: ProviderTools): Provider {
  const { corpId } = settings;
  const issuer = `wecom:${corpId}`;
  const api = new WecomSelfBuiltApi(settings, tools.http);
  const tokens = wecomSelfBuiltTokens(settings, api, tools.tokens);
  const events = wecomSelfBuiltEvents(settings, tools.clock);
  // Only named to operators when WeCom refuses it: a deployment has one.
  let callbackHost: string | undefined;

  function leave(request: AuthorizationRequest, link: typeof loginUrl): URL {
    callbackHost = request.callbackUrl.host;
    return link(settings, request);
  }

  /** A token that WeCom rejects was looked at before the code, which is still good then (reference 10). */
  async function redeem(code: string): Promise<ReplyObject> {
    requirePlausible(code);
    return tools.tokens.use(tokens.access, (token) => api.userByCode(token, code, callbackHost));
  }

  function memberIn(call: string, reply: ReplyObject): PlatformIdentity {
    const userId = memberId(call, reply);
    return { issuer, subject: subjectOf(userId), tenant: corpId, userId, profile: {} };
  }

  const inBrowser: CodeExchange = {
    identify: async (code) => memberIn('auth/getuserinfo', await redeem(code)),
  };

  const inClient: CodeExchange = {
    async identify(code) {
      const reply = await redeem(code);
      const member = memberIn('auth/getuserinfo', reply);
      const ticket = asText(reply['user_ticket']);
      if (ticket === undefined) return member;
      const profile = await consentedProfile(ticket, member.subject, api, tokens, tools);
      return { ...member, profile };
    },
  };

  const miniProgram: CodeExchange = {
    async identify(code) {
      requirePlausible(code);
      const call = 'miniprogram/jscode2session';
      const session = await tools.tokens.use(tokens.access, (token) =>
        api.miniProgramSession(token, code),
      );
      requireCorp(corpId, call, session);
      return memberIn(call, session);
    },
  };

  return {
    platform: 'wecom-self-built',
    web: {
      ...inBrowser,
      authorizationUrl: (request) => leave(request, loginUrl),
      readCallback,
    },
    inApp: {
      ...inClient,
      handOff: 'redirect',
      recognises: isWecomClient,
      authorizationUrl: (request) => leave(request, oauthUrl),
      readCallback,
    },
    miniProgram,
    ...(events && { events }),
    directory: wecomSelfBuiltDirectory(issuer, api, tokens, tools),
    nameIdentity: ({ subject, tenant }) => {
      refuseForeignTenant(tenant, corpId);
      if (!/^[\w.@-]{1,64}$/.test(subject)) throw notAllowed('subject', 'must be a userid');
      return { issuer, subject: subjectOf(subject), tenant: corpId };
    },
    // Administrators choose userids, and give those of people who left to others.
    reusesSubject: () => true,
    check: () =>
      checkWecomSelfBuilt(new WecomSelfBuiltApi(settings, anew(tools.http)), tokens, tools),
    tokenSources: (tenant) => {
      refuseForeignTenant(tenant, corpId);
      return tokens;
    },
    jsapi: {
      async sign({ url, ticket, tenant }) {
        refuseForeignTenant(tenant, corpId);
        return ticket === 'agent'
          ? wxAgentConfig(settings, await tools.tokens.get(tokens.agentTicket), url, tools.clock)
          : wxConfig(settings, await tools.tokens.get(tokens.corpTicket), url, tools.clock);
      },
    },
  };
}

/** A frontend may hand us anything as a code; WeCom's hold at most 512 bytes (reference 4.4), and call others a broken request. */
function requirePlausible(code: string): void {
  if (code !== '' && Buffer.byteLength(code) <= 512) return;
  throw new AppError('platform_code_rejected', 'This is not a sign-in code of WeCom.');
}

/** A mini program may be open to other corps than the app's own (reference 14). */
function requireCorp(corpId: string, call: string, session: ReplyObject): void {
  const theirs = asText(session['corpid']);
  if (theirs === undefined) throw unusable(call, 'the answer lacks corpid');
  if (theirs === corpId) return;
  throw new AppError('tenant_not_allowed', 'Only members of the company can sign in here.', {
    operator: { call, platformMessage: `the person belongs to the corp ${theirs}` },
  });
}
