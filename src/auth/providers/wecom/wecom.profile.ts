import { isEmail } from 'class-validator';

import { asPhone, asText, type ReplyObject } from '../platform-reply.js';
import type { PlatformProfile } from '../provider.js';

/**
 * What `user/get`, or the person's consent in the client, says of a member (reference wecom-self-built 6.3, 7.1): both spell the
 * fields alike. Either way the corp stands behind the phone; nobody does behind a mailbox.
 */
export function profileOf(fields: ReplyObject): PlatformProfile {
  const displayName = asText(fields['name']);
  const avatarUrl = webUrl(asText(fields['avatar']));
  const gender = genderOf(asText(fields['gender']));
  const email = [fields['biz_mail'], fields['email']].map(asText).find(isMailbox);
  const phone = asPhone(fields['mobile']);
  return {
    ...(displayName !== undefined && { displayName }),
    ...(avatarUrl !== undefined && { avatarUrl }),
    ...(gender !== undefined && { gender }),
    ...(email !== undefined && { email }),
    ...(phone !== undefined && { phone: { number: phone, trusted: true } }),
  };
}

/** "0" is what WeCom says of everybody who did not consent. */
function genderOf(written: string | undefined): 'male' | 'female' | undefined {
  if (written === '1') return 'male';
  return written === '2' ? 'female' : undefined;
}

function isMailbox(written: string | undefined): written is string {
  return written !== undefined && isEmail(written);
}

function webUrl(written: string | undefined): string | undefined {
  return written !== undefined && /^https?:\/\//i.test(written) && URL.canParse(written)
    ? written
    : undefined;
}
