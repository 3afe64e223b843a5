import { AppError } from '../../../common/app-error.js';
import { urlOf } from '../endpoint.js';
import { asText } from '../platform-reply.js';
import type {
  AuthorizationRequest,
  PlatformIdentity,
  PlatformProfile,
  Provider,
  ProviderFactory,
  ProviderTools,
} from '../provider.js';
import { isWecomClient } from '../wecom/user-agent.js';
import { unusable } from '../wecom/wecom.api.js';
import { WecomSelfBuiltApi } from './wecom-self-built.api.js';
import { consentedProfile, directoryProfile, memberId } from './wecom-self-built.replies.js';
import { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';
import { wecomSelfBuiltTokens } from './wecom-self-built.tokens.js';

/**
 * A corp's own WeCom app (reference wecom-self-built.md). A person is the `userid` inside the corp, compared in lower case.
 * Outside the client there is a login page, inside it an OAuth link; both lead to the same exchange.
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
  open: (settings, tools) => new WecomSelfBuiltProvider(settings, tools).provider,
};

/** The corp's record cannot be read by this app; the sign-in goes on without it. */
const unreadable = new Set(['48002', '48006', '48009']);

class WecomSelfBuiltProvider {
  readonly #api: WecomSelfBuiltApi;
  readonly #tokens: ReturnType<typeof wecomSelfBuiltTokens>;

  constructor(
    private readonly settings: WecomSelfBuiltSettings,
    private readonly tools: ProviderTools,
  ) {
    this.#api = new WecomSelfBuiltApi(settings, tools);
    this.#tokens = wecomSelfBuiltTokens(settings, this.#api, tools);
  }

  get provider(): Provider {
    return {
      platform: 'wecom-self-built',
      web: {
        authorizationUrl: (request) => this.#loginUrl(request),
        readCallback,
        identify: (code) => this.#identify(code),
      },
      inApp: {
        handOff: 'redirect',
        recognises: isWecomClient,
        authorizationUrl: (request) => this.#oauthUrl(request),
        readCallback,
        identify: (code) => this.#identify(code),
      },
      miniProgram: { identify: (code) => this.#identifyMiniProgram(code) },
      directory: { read: (identity) => this.#readDirectory(identity) },
      jsapi: {
        corpTicket: () => this.tools.tokens.get(this.#tokens.corpTicket),
        agentTicket: () => this.tools.tokens.get(this.#tokens.agentTicket),
      },
    };
  }

  /** The login page for ordinary browsers (reference 4.1). */
  #loginUrl({ state, callbackUrl, language }: AuthorizationRequest): URL {
    return urlOf(this.settings.endpoints.login, '/wwlogin/sso/login', {
      login_type: 'CorpApp',
      appid: this.settings.corpId,
      agentid: this.settings.agentId,
      redirect_uri: callbackUrl.href,
      state,
      lang: language,
    });
  }

  /** The link for WeCom's own browser (5). The fragment must stand at the very end. */
  #oauthUrl({ state, callbackUrl }: AuthorizationRequest): URL {
    const url = urlOf(this.settings.endpoints.open, '/connect/oauth2/authorize', {
      appid: this.settings.corpId,
      redirect_uri: callbackUrl.href,
      response_type: 'code',
      scope: this.settings.scope,
      state,
      agentid: this.settings.agentId,
    });
    url.hash = 'wechat_redirect';
    return url;
  }

  async #identify(code: string): Promise<PlatformIdentity> {
    const reply = await this.tools.tokens.use(this.#tokens.access, (token) =>
      this.#api.userByCode(token, code),
    );
    const userid = memberId(reply);
    const ticket = asText(reply['user_ticket']);
    return this.#identity(userid, ticket ? await this.#consented(ticket) : {});
  }

  async #identifyMiniProgram(code: string): Promise<PlatformIdentity> {
    const session = await this.tools.tokens.use(this.#tokens.access, (token) =>
      this.#api.miniProgramSession(token, code),
    );
    const path = 'miniprogram/jscode2session';
    const corpId = asText(session['corpid']);
    if (!corpId) throw unusable(path, 'the answer names no corp');
    if (corpId !== this.settings.corpId) {
      throw new AppError('tenant_not_allowed', 'Only members of the company can sign in here.');
    }
    return this.#identity(memberId(session), {});
  }

  /** The person may have refused, or the app may lack the right: a sign-in does not fail over a phone number. */
  async #consented(userTicket: string): Promise<PlatformProfile> {
    try {
      return consentedProfile(
        await this.tools.tokens.use(this.#tokens.access, (token) =>
          this.#api.userDetail(token, userTicket),
        ),
      );
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.tools.warn('phone and mail could not be read; the sign-in goes on without them', {
        ...error.operator,
      });
      return {};
    }
  }

  async #readDirectory({ userId }: PlatformIdentity): Promise<PlatformProfile | undefined> {
    if (!userId) return undefined;
    try {
      return directoryProfile(
        await this.tools.tokens.use(this.#tokens.access, (token) => this.#api.user(token, userId)),
      );
    } catch (error) {
      const code = error instanceof AppError ? error.operator?.platformCode : undefined;
      if (code === undefined || !unreadable.has(code)) throw error;
      this.tools.warn('the directory cannot be read: the name stays empty', {
        ...(error as AppError).operator,
      });
      return undefined;
    }
  }

  #identity(userid: string, profile: PlatformProfile): PlatformIdentity {
    const { corpId } = this.settings;
    return {
      issuer: `wecom:${corpId}`,
      subject: userid.toLowerCase(),
      tenant: corpId,
      userId: userid,
      profile,
    };
  }
}

/** Neither code nor error is how WeCom reports a refusal (reference 4.4). */
function readCallback(query: URLSearchParams): string {
  const code = query.get('code');
  if (!code) throw new AppError('user_cancelled', 'The sign-in was cancelled in WeCom.');
  return code;
}
