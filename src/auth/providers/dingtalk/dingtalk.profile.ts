import { asPhone, asText, type ReplyObject } from '../platform-reply.js';
import type { PlatformProfile } from '../provider.js';

/** `contact/users/me` (reference dingtalk 1.4): the person's own account, which crosses corps; nothing in it is vouched for. */
export function ownProfile(me: ReplyObject): PlatformProfile {
  const phone = asPhone(me['mobile'], me['stateCode']);
  return known({
    displayName: asText(me['nick']),
    avatarUrl: asText(me['avatarUrl']),
    email: asText(me['email']),
    phone: phone === undefined ? undefined : { number: phone, trusted: false },
  });
}

/** `v2/user/get` (3.3): the corp's own record. */
export function directoryProfile(entry: ReplyObject): PlatformProfile {
  const phone = asPhone(entry['mobile'], entry['state_code'] ?? '86');
  return known({
    displayName: asText(entry['name']),
    avatarUrl: asText(entry['avatar']),
    email: asText(entry['org_email']) ?? asText(entry['email']),
    phone: phone === undefined ? undefined : { number: phone, trusted: true },
  });
}

/** Leaves out what the platform did not say. */
function known(fields: {
  [Name in keyof PlatformProfile]: PlatformProfile[Name] | undefined;
}): PlatformProfile {
  return Object.fromEntries(
    Object.entries<unknown>(fields).filter(([, value]) => value !== undefined),
  );
}
