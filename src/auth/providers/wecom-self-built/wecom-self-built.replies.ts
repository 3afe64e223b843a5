import { AppError } from '../../../common/app-error.js';
import { asNumber, asPhone, asText, type ReplyObject } from '../platform-reply.js';
import type { PlatformProfile } from '../provider.js';
import { unusable } from '../wecom/wecom.api.js';

/**
 * Who a code belongs to (reference wecom 6.1): exactly one of userid and openid. The old call spells the fields another way.
 * @throws AppError `not_a_member` for visitors, external contacts and members of linked companies
 */
export function memberId(reply: ReplyObject): string {
  const userid = asText(reply['userid'] ?? reply['UserId']);
  const openid = asText(reply['openid'] ?? reply['OpenId']);
  if (userid && openid)
    throw unusable('auth/getuserinfo', 'the answer names both a member and a visitor');
  if (openid) throw new AppError('not_a_member', 'Only members of the company can sign in here.');
  if (!userid) throw unusable('auth/getuserinfo', 'the answer names nobody');
  if (userid.includes('/'))
    throw new AppError('not_a_member', 'Members of linked companies cannot sign in here.');
  return userid;
}

/** `auth/getuserdetail` (6.3): what the person consented to. There is no name in it. */
export function consentedProfile(detail: ReplyObject): PlatformProfile {
  return personFields(detail);
}

/**
 * `user/get` (7.1).
 * @throws AppError `not_a_member` for a member who was disabled or has left
 */
export function directoryProfile(user: ReplyObject): PlatformProfile {
  const status = asNumber(user['status']);
  if (status === 2 || status === 5) {
    throw new AppError('not_a_member', 'This member is disabled in WeCom or has left the company.');
  }
  const displayName = asText(user['name']);
  return { ...(displayName && { displayName }), ...personFields(user) };
}

function personFields(reply: ReplyObject): PlatformProfile {
  const phone = asPhone(reply['mobile']);
  const email = asText(reply['biz_mail']) ?? asText(reply['email']);
  const avatarUrl = asText(reply['avatar']);
  const gender = { '1': 'male', '2': 'female' }[asText(reply['gender']) ?? ''] as
    'male' | 'female' | undefined;
  return {
    ...(avatarUrl && { avatarUrl }),
    ...(gender && { gender }),
    ...(email && { email }),
    ...(phone && { phone: { number: phone, trusted: true } }),
  };
}
