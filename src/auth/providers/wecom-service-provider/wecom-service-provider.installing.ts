import type { Installing } from '../installations.js';
import { asText } from '../platform-reply.js';
import type { ProviderTools } from '../provider.js';
import { unusable } from '../wecom/wecom.errors.js';
import type { Authorizations } from './wecom-service-provider.authorizations.js';
import { installUrl, readCallback } from './wecom-service-provider.links.js';
import type { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';
import type {
  ServiceProviderApis,
  ServiceProviderTokens,
} from './wecom-service-provider.tokens.js';

/**
 * How a corp installs the app from a page of ours. A third-party app has an install page that comes back to us with a code; a delegated
 * template has a link behind a QR code, and says through `create_auth` alone that it was taken (reference wecom-service-provider 4, 9.1).
 */
export function serviceProviderInstalling(
  settings: WecomServiceProviderSettings,
  apis: ServiceProviderApis,
  sources: ServiceProviderTokens,
  authorizations: Authorizations,
  { tokens }: ProviderTools,
): Installing {
  async function thirdPartyUrl(request: { state: string; callbackUrl: URL }): Promise<URL> {
    const call = 'service/get_pre_auth_code';
    const code = await tokens.use(sources.suite, async (token) => {
      const preAuthCode = asText((await apis.suite.preAuthCode(token))['pre_auth_code']);
      if (preAuthCode === undefined) throw unusable(call, 'the answer lacks pre_auth_code');
      await apis.suite.setSessionInfo(token, preAuthCode, settings.testInstalls);
      return preAuthCode;
    });
    return installUrl(settings, code, request);
  }

  async function delegatedUrl({ state }: { readonly state: string }): Promise<URL> {
    const call = 'service/get_customized_auth_url';
    const reply = await tokens.use(sources.provider, (token) =>
      apis.provider.customizedAuthUrl(token, settings.suiteId, state),
    );
    const url = asText(reply['qrcode_url']) ?? '';
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
      throw unusable(call, 'the answer lacks a usable qrcode_url');
    return new URL(url);
  }

  return {
    installUrl: settings.appType === 'delegated' ? delegatedUrl : thirdPartyUrl,
    readCallback: (query) => readCallback('auth_code', query),
    complete: (authCode) => authorizations.complete(authCode),
  };
}
