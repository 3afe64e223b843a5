import type { FetchedToken, PlatformTokens, TokenSource } from '../platform-tokens.js';
import type { TokenSources } from '../provider.js';
import type { WecomSelfBuiltApi } from './wecom-self-built.api.js';
import type { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';

/** The tokens of one app of one corp, as the token cache knows them: no two apps share one (reference wecom-self-built 3, 8). */
export type WecomSelfBuiltTokens = Required<TokenSources>;

export function wecomSelfBuiltTokens(
  { corpId, agentId, secret }: WecomSelfBuiltSettings,
  api: WecomSelfBuiltApi,
  tokens: PlatformTokens,
): WecomSelfBuiltTokens {
  const whose = { credential: `${corpId}/${agentId}`, secret };
  const access: TokenSource = {
    ...whose,
    kind: 'wecom-access-token',
    fetch: () => api.accessToken(),
  };
  const ticket = (
    kind: string,
    fetch: (accessToken: string) => Promise<FetchedToken>,
  ): TokenSource => ({
    ...whose,
    kind,
    dependsOn: access,
    fetch: () => tokens.use(access, fetch),
  });
  return {
    access,
    corpTicket: ticket('wecom-corp-ticket', (token) => api.corpTicket(token)),
    agentTicket: ticket('wecom-agent-ticket', (token) => api.agentTicket(token)),
  };
}
