import { AppError } from '../../../common/app-error.js';
import { asText, type ReplyObject } from '../platform-reply.js';
import type { Directory, PlatformIdentity, ProviderTools } from '../provider.js';
import type { DingtalkApi } from './dingtalk.api.js';
import { isRefusal } from './dingtalk.errors.js';
import { directoryProfile } from './dingtalk.profile.js';
import type { DingtalkTokens } from './dingtalk.tokens.js';

const call = 'topapi/v2/user/get';
const permissionMissing = ['60011', 'Forbidden.AccessDenied.AccessTokenPermissionDenied'] as const;

/** The corp's directory (reference dingtalk 3.3), as far as the app may read it. */
export function dingtalkDirectory(
  api: DingtalkApi,
  { app }: DingtalkTokens,
  tools: ProviderTools,
): Directory {
  return {
    read: async (identity) => {
      const { userId } = identity;
      if (userId === undefined) return undefined;
      try {
        const entry = await tools.tokens.use(app, (token) => api.userDetails(token, userId));
        refuseStrangers(entry, identity);
        return directoryProfile(entry);
      } catch (error) {
        if (!isRefusal(error, ...permissionMissing)) throw error;
        tools.warn(
          'the DingTalk directory may not be read: names and phones come from the sign-in',
          {
            ...error.operator,
          },
        );
        return undefined;
      }
    },
  };
}

/**
 * A `userid` may be given to another person after its first owner left; a `unionid` never is. `active: false` refuses nobody:
 * it only says that a member has not used DingTalk yet, and whoever signs in has.
 */
function refuseStrangers(entry: ReplyObject, identity: PlatformIdentity): void {
  const unionId = asText(entry['unionid']);
  if (unionId !== undefined && unionId !== identity.subject) {
    throw notAMember('the userid belongs to another person now');
  }
  if (isSet(entry['disable_status'])) throw notAMember('disable_status is set');
}

/** A flag of the entry: the reference's own sample writes booleans as texts, and this one's type is not documented. */
function isSet(flag: unknown): boolean {
  return flag === true || ['true', '1'].includes(asText(flag) ?? '');
}

function notAMember(platformMessage: string): AppError {
  return new AppError('not_a_member', 'This person is not an active member of the company.', {
    operator: { call, platformMessage },
  });
}
