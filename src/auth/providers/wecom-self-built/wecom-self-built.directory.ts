import { AppError } from '../../../common/app-error.js';
import { asNumber, asText, type ReplyObject } from '../platform-reply.js';
import type { Directory, PlatformProfile, ProviderTools } from '../provider.js';
import { isRefusal, unusable } from '../wecom/wecom.errors.js';
import { profileOf } from '../wecom/wecom.profile.js';
import type { WecomSelfBuiltApi } from './wecom-self-built.api.js';
import { subjectOf } from './wecom-self-built.replies.js';
import type { WecomSelfBuiltTokens } from './wecom-self-built.tokens.js';

const call = 'user/get';
/** The app may not read contacts at all: this says nothing of the person. */
const permissionMissing = ['48002', '48006', '48009'] as const;
/** `status` of a member who may not work any more (reference wecom-self-built 7.1). */
const gone = new Map([
  [2, 'disabled'],
  [5, 'left'],
]);

/**
 * The corp's directory, as far as the app sees it (7.1). It is the only call that tells who is outside the app's visible range, and the
 * only one that knows a name. Apps made after 2022-06-20 get no phone, mailbox, avatar or gender here.
 */
export function wecomSelfBuiltDirectory(
  issuer: string,
  api: WecomSelfBuiltApi,
  { access }: WecomSelfBuiltTokens,
  tools: ProviderTools,
): Directory {
  return {
    read: async (identity) => {
      // The same userid in another corp is another person: to ask for it here would be a mistake of ours.
      if (identity.issuer !== issuer) throw new Error(`${identity.issuer} is not of ${issuer}`);
      const userId = identity.userId ?? identity.subject;
      try {
        const entry = await tools.tokens.use(access, (token) => api.user(token, userId));
        return readEntry(entry, identity.subject);
      } catch (error) {
        if (!isRefusal(error, ...permissionMissing)) throw error;
        tools.warn('the WeCom directory may not be read: the sign-in goes on without a name', {
          ...error.operator,
        });
        return undefined;
      }
    },
  };
}

function readEntry(entry: ReplyObject, subject: string): PlatformProfile {
  const userid = asText(entry['userid']);
  if (userid === undefined || subjectOf(userid) !== subject)
    throw unusable(call, 'the answer is not about the member who was asked for');
  const status = gone.get(asNumber(entry['status']) ?? 0);
  if (status !== undefined) {
    throw new AppError('not_a_member', 'This person is not an active member of the company.', {
      operator: {
        call,
        platformMessage: `the member is ${status}`,
        fix: 'If this person should get in, enable them in the corp’s contacts (通讯录).',
      },
    });
  }
  return profileOf(entry);
}
