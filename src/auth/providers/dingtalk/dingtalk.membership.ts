import { AppError } from '../../../common/app-error.js';
import { asNumber, asText } from '../platform-reply.js';
import type { PlatformTokens } from '../platform-tokens.js';
import type { DingtalkApi } from './dingtalk.api.js';
import { isRefusal, required } from './dingtalk.errors.js';
import type { DingtalkTokens } from './dingtalk.tokens.js';

const call = 'topapi/user/getbyunionid';
/** 0 is an employee, 1 an external contact. */
const externalContact = 1;

/**
 * Asks the app's corp whether the person is one of its own (reference dingtalk 3.4): DingTalk's page is not relied on to turn
 * outsiders away (1.1).
 * @returns the person's `userid` in the corp
 * @throws AppError `tenant_not_allowed` for an outsider, `not_a_member` for an external contact; the platform's failures
 */
export async function memberId(
  unionId: string,
  api: DingtalkApi,
  tokens: PlatformTokens,
  { app }: DingtalkTokens,
): Promise<string> {
  const member = await tokens
    .use(app, (token) => api.userByUnionId(token, unionId))
    .catch((error: unknown) => {
      if (!isRefusal(error, '60121')) throw error;
      throw new AppError('tenant_not_allowed', 'Only members of the company can sign in here.', {
        cause: error,
        ...(error.operator && { operator: error.operator }),
      });
    });
  if (asNumber(member['contact_type']) === externalContact) {
    throw new AppError('not_a_member', 'External contacts of the company cannot sign in.', {
      operator: { call, platformMessage: 'contact_type 1' },
    });
  }
  return required(asText(member['userid']), call, 'userid');
}
