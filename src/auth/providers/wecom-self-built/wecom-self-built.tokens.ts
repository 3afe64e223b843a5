import type { TokenSource } from '../platform-tokens.js';
import type { ProviderTools } from '../provider.js';
import type { WecomSelfBuiltApi } from './wecom-self-built.api.js';
import type { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';

/** The tokens of one app of one corp: each app has its own (reference wecom 3, 8). */
export interface WecomSelfBuiltTokens {
  readonly access: TokenSource;
  readonly corpTicket: TokenSource;
  readonly agentTicket: TokenSource;
}

export function wecomSelfBuiltTokens(
  settings: WecomSelfBuiltSettings,
  api: WecomSelfBuiltApi,
  tools: ProviderTools,
): WecomSelfBuiltTokens {
  const whose = { credential: `${settings.corpId}/${settings.agentId}`, secret: settings.secret };
  const access: TokenSource = {
    ...whose,
    kind: 'wecom-access-token',
    fetch: () => api.accessToken(),
  };
  const ticket = (kind: string, fetch: TokenFetch): TokenSource => ({
    ...whose,
    kind,
    dependsOn: access,
    fetch: () => tools.tokens.use(access, fetch),
  });
  return {
    access,
    corpTicket: ticket('wecom-corp-ticket', (token) => api.corpTicket(token)),
    agentTicket: ticket('wecom-agent-ticket', (token) => api.agentTicket(token)),
  };
}

type TokenFetch = (accessToken: string) => ReturnType<TokenSource['fetch']>;
