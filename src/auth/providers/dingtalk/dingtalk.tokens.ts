import type { TokenSource } from '../platform-tokens.js';
import type { ProviderTools } from '../provider.js';
import type { DingtalkApi } from './dingtalk.api.js';
import type { DingtalkSettings } from './dingtalk.settings.js';

/** The tokens of one DingTalk app, as the token cache knows them. */
export interface DingtalkTokens {
  readonly app: TokenSource;
  readonly jsapiTicket: TokenSource;
}

export function dingtalkTokens(
  settings: DingtalkSettings,
  api: DingtalkApi,
  tools: ProviderTools,
): DingtalkTokens {
  const whose = { credential: settings.clientId, secret: settings.clientSecret };
  const app: TokenSource = { ...whose, kind: 'dingtalk-app-token', fetch: () => api.appToken() };
  const jsapiTicket: TokenSource = {
    ...whose,
    kind: 'dingtalk-jsapi-ticket',
    dependsOn: app,
    fetch: () => tools.tokens.use(app, (token) => api.jsapiTicket(token)),
  };
  return { app, jsapiTicket };
}
