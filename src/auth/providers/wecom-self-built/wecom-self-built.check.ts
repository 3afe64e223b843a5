import { tryOut } from '../credential-check.js';
import type { CredentialCheck, ProviderTools } from '../provider.js';
import { isRefusal } from '../wecom/wecom.errors.js';
import type { WecomSelfBuiltApi } from './wecom-self-built.api.js';
import type { WecomSelfBuiltTokens } from './wecom-self-built.tokens.js';

/** Nobody's: that there is no such member is answered only to who may ask. */
const nobody = 'lingpai-check';

/** Tries the app's secret, and what its permissions open. The tokens in the cache stay as they are. */
export async function checkWecomSelfBuilt(
  api: WecomSelfBuiltApi,
  tokens: WecomSelfBuiltTokens,
  tools: ProviderTools,
): Promise<readonly CredentialCheck[]> {
  await Promise.all(
    [tokens.corpTicket, tokens.agentTicket].map((source) => tools.tokens.forgetRefusal(source)),
  );
  let token = '';
  const access = await tryOut('access-token', async () => {
    ({ value: token } = await api.accessToken());
  });
  if (!access.ok) return [access];
  const corp = await tryOut('corp-ticket', () => api.corpTicket(token));
  const agent = await tryOut('agent-ticket', () => api.agentTicket(token));
  const directory = await tryOut('directory', () =>
    api.user(token, nobody).catch((error: unknown) => {
      if (!isRefusal(error, '60111', '46004', '60021', '50002')) throw error;
    }),
  );
  return [access, corp, agent, directory];
}
