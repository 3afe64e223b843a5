import { AppError } from '../../../common/app-error.js';
import { asText } from '../platform-reply.js';
import type { PlatformProfile, ProviderTools } from '../provider.js';
import { profileOf } from '../wecom/wecom.profile.js';
import { unusable } from '../wecom/wecom.errors.js';
import type { WecomSelfBuiltApi } from './wecom-self-built.api.js';
import { subjectOf } from './wecom-self-built.replies.js';
import type { WecomSelfBuiltTokens } from './wecom-self-built.tokens.js';

/**
 * What a member consented to give away in the client: phone, mailbox, avatar, gender (reference wecom-self-built 6.3). The app may lack the
 * permission, or the call may fail: no sign-in fails over a phone number.
 * @param subject whose ticket it is
 */
export async function consentedProfile(
  userTicket: string,
  subject: string,
  api: WecomSelfBuiltApi,
  { access }: WecomSelfBuiltTokens,
  tools: ProviderTools,
): Promise<PlatformProfile> {
  try {
    const detail = await tools.tokens.use(access, (token) => api.userDetail(token, userTicket));
    const userid = asText(detail['userid']);
    if (userid === undefined || subjectOf(userid) !== subject)
      throw unusable('auth/getuserdetail', 'the answer is not about the member who signs in');
    return profileOf(detail);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    tools.warn('phone and mailbox could not be read: the sign-in goes on without them', {
      ...error.operator,
    });
    return {};
  }
}
