import { AppError } from '../../../common/app-error.js';
import { urlOf } from '../endpoint.js';
import { asNumber, asText } from '../platform-reply.js';
import type {
  AuthorizationRequest,
  Directory,
  PlatformIdentity,
  PlatformProfile,
  Provider,
  ProviderFactory,
  ProviderTools,
} from '../provider.js';
import { DingtalkApi, required } from './dingtalk.api.js';
import { directoryProfile, ownProfile } from './dingtalk.replies.js';
import { DingtalkSettings } from './dingtalk.settings.js';
import { dingtalkTokens } from './dingtalk.tokens.js';

/**
 * DingTalk (reference dingtalk.md): OAuth2 in a browser; a silent code inside its client. A person is the `unionId`, which all of the
 * corp's apps share; membership of the configured corp is asked of the corp, never believed from the browser.
 */
export const openDingtalk: ProviderFactory<DingtalkSettings> = {
  settings: DingtalkSettings,
  secrets: ['clientSecret', 'eventToken', 'eventAesKey'],
  open: (settings, tools) => new DingtalkProvider(settings, tools).provider,
};

class DingtalkProvider {
  readonly #api: DingtalkApi;
  readonly #tokens: ReturnType<typeof dingtalkTokens>;

  constructor(
    private readonly settings: DingtalkSettings,
    private readonly tools: ProviderTools,
  ) {
    this.#api = new DingtalkApi(settings, tools);
    this.#tokens = dingtalkTokens(settings, this.#api, tools);
  }

  get provider(): Provider {
    const { clientId, corpId } = this.settings;
    const inAppCode = { identify: (code: string) => this.#identifyInApp(code) };
    return {
      platform: 'dingtalk',
      web: {
        authorizationUrl: (request) => this.#authorizationUrl(request),
        readCallback,
        identify: (code) => this.#identifyWeb(code),
      },
      inApp: {
        ...inAppCode,
        handOff: 'script',
        // The client hands out a code for one corp: without a corp there is no silent way.
        recognises: (userAgent) => corpId !== undefined && /dingtalk/i.test(userAgent),
        bridge: { clientId, corpId: corpId ?? '' },
      },
      miniProgram: inAppCode,
      ...(corpId && { directory: this.#directory() }),
      jsapi: { corpTicket: () => this.tools.tokens.get(this.#tokens.jsapiTicket) },
    };
  }

  #authorizationUrl({ state, callbackUrl }: AuthorizationRequest): URL {
    return urlOf(this.settings.endpoints.login, '/oauth2/auth', {
      redirect_uri: callbackUrl.href,
      response_type: 'code',
      client_id: this.settings.clientId,
      scope: 'openid',
      state,
      prompt: 'consent',
    });
  }

  async #identifyWeb(code: string): Promise<PlatformIdentity> {
    const userToken = await this.#api.userAccessToken(code);
    const me = await this.#api.me(userToken);
    const unionId = required(asText(me['unionId']), 'contact/users/me', 'unionId');
    const profile = ownProfile(me);
    const { corpId } = this.settings;
    if (!corpId) return this.#identity(unionId, undefined, profile);
    return this.#identity(unionId, await this.#memberId(unionId), profile);
  }

  async #identifyInApp(code: string): Promise<PlatformIdentity> {
    const user = await this.tools.tokens.use(this.#tokens.app, (token) =>
      this.#api.userByCode(token, code),
    );
    const call = 'topapi/v2/user/getuserinfo';
    const name = asText(user['name']);
    return this.#identity(
      required(asText(user['unionid']), call, 'unionid'),
      required(asText(user['userid']), call, 'userid'),
      name ? { displayName: name } : {},
    );
  }

  /** Asks the corp whether the person is one of its own (reference 3.4). */
  async #memberId(unionId: string): Promise<string> {
    try {
      const member = await this.tools.tokens.use(this.#tokens.app, (token) =>
        this.#api.userByUnionId(token, unionId),
      );
      if (asNumber(member['contact_type']) === 1) {
        throw new AppError('not_a_member', 'External contacts of the company cannot sign in.');
      }
      return required(asText(member['userid']), 'topapi/user/getbyunionid', 'userid');
    } catch (error) {
      if (error instanceof AppError && error.operator?.platformCode === '60121') {
        throw new AppError('tenant_not_allowed', 'Only members of the company can sign in here.', {
          cause: error,
        });
      }
      throw error;
    }
  }

  #directory(): Directory {
    return {
      read: async ({ userId }) => {
        if (!userId) return undefined;
        try {
          const entry = await this.tools.tokens.use(this.#tokens.app, (token) =>
            this.#api.userDetails(token, userId),
          );
          return directoryProfile(entry);
        } catch (error) {
          if (!(error instanceof AppError) || error.operator?.platformCode !== '60011') throw error;
          this.tools.warn(
            'the directory cannot be read: names and phones are taken from the sign-in alone',
            {
              ...error.operator,
            },
          );
          return undefined;
        }
      },
    };
  }

  #identity(
    unionId: string,
    userId: string | undefined,
    profile: PlatformProfile,
  ): PlatformIdentity {
    const { corpId, clientId } = this.settings;
    return {
      issuer: `dingtalk:${corpId ?? clientId}`,
      subject: unionId,
      ...(corpId && { tenant: corpId }),
      ...(userId && { userId }),
      profile,
    };
  }
}

/** `authCode`, `code`, or both, equal (reference 1.2). */
function readCallback(query: URLSearchParams): string {
  const code = query.get('authCode') || query.get('code');
  if (code) return code;
  if (query.has('error'))
    throw new AppError('user_cancelled', 'The sign-in was cancelled in DingTalk.');
  throw new AppError('callback_incomplete', 'DingTalk sent neither a code nor an error.');
}
