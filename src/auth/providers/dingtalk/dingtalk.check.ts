import { tryOut } from '../credential-check.js';
import type { CredentialCheck, ProviderTools } from '../provider.js';
import type { DingtalkApi } from './dingtalk.api.js';
import { isRefusal } from './dingtalk.errors.js';
import type { DingtalkTokens } from './dingtalk.tokens.js';

/** Nobody's: that there is no such person is answered only to who may ask. */
const nobody = 'lingpai-check';

/** Tries the app's key and secret, and what its permissions open. The tokens in the cache stay as they are. */
export async function checkDingtalk(
  api: DingtalkApi,
  tokens: DingtalkTokens,
  tools: ProviderTools,
): Promise<readonly CredentialCheck[]> {
  await tools.tokens.forgetRefusal(tokens.jsapiTicket);
  let token = '';
  const app = await tryOut('app-token', async () => {
    ({ value: token } = await api.appToken());
  });
  if (!app.ok) return [app];
  const ticket = await tryOut('corp-ticket', () => api.jsapiTicket(token));
  const directory = await tryOut('directory', () =>
    api.userDetails(token, nobody).catch((error: unknown) => {
      if (!isRefusal(error, '60121', '33012')) throw error;
    }),
  );
  return [app, ticket, directory];
}
