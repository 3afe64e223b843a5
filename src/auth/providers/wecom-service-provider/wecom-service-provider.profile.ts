import { AppError } from '../../../common/app-error.js';
import type { ReplyObject } from '../platform-reply.js';
import type { PlatformProfile, ProviderTools } from '../provider.js';
import { unusable } from '../wecom/wecom.errors.js';
import { profileOf } from '../wecom/wecom.profile.js';
import { memberOf, type Member } from './wecom-service-provider.replies.js';

/**
 * What a person consented to in the client. WeCom gives service providers the userid in place of a name (reference wecom-service-provider
 * 6.3, pitfall 23), so it is no name. A phone is one that any corp's administrator may have typed in: it proves nothing.
 * No sign-in fails over it.
 * @param who whose ticket it is
 */
export async function consentedProfile(
  call: string,
  who: Member,
  tools: ProviderTools,
  ask: () => Promise<ReplyObject>,
): Promise<PlatformProfile> {
  try {
    const detail = await ask();
    if (memberOf(call, detail).userId !== who.userId)
      throw unusable(call, 'the answer is not about the member who signs in');
    const { displayName: _userId, phone, ...rest } = profileOf(detail);
    return { ...rest, ...(phone && { phone: { ...phone, trusted: false } }) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    tools.warn('what the person consented to could not be read: the sign-in goes on without it', {
      ...error.operator,
    });
    return {};
  }
}
