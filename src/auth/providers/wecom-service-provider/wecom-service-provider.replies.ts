import { AppError } from '../../../common/app-error.js';
import { asObject, asText, type ReplyObject } from '../platform-reply.js';
import { unusable } from '../wecom/wecom.errors.js';

/** A member of some corp, in WeCom's spelling. */
export interface Member {
  readonly userId: string;
  /** The same in all apps of the provider; third-party apps alone get it. */
  readonly openUserId?: string;
}

/** A member, and the corp as this provider sees it. */
export interface MemberOfCorp extends Member {
  readonly corpId: string;
}

/**
 * Who a suite's code belongs to (reference wecom-service-provider 5.4, 6.2). The older path spells the fields `CorpId`, `UserId`, `OpenId`.
 * @throws AppError `not_a_member` for visitors, `platform_unavailable` for an answer that names nobody, or a member and a visitor at once
 */
export function memberOfSuite(call: string, reply: ReplyObject): MemberOfCorp {
  const member = memberOf(call, reply);
  return { ...member, corpId: requiredCorp(call, firstText(reply, 'corpid', 'CorpId')) };
}

/**
 * Who signed in the older way (5.5): `user_info` tells of a person whom the corp's contacts hold.
 * @throws as `memberOfSuite`; `not_a_member` for an administrator from outside
 */
export function memberOfLogin(call: string, reply: ReplyObject): MemberOfCorp {
  const user = asObject(reply['user_info']);
  const corpId = requiredCorp(call, asText(asObject(reply['corp_info'])['corpid']));
  if (asText(user['userid']) === undefined && asText(reply['usertype']) !== undefined)
    throw notAMember(call, 'an administrator who is not in the corp’s contacts');
  return { ...memberOf(call, user), corpId };
}

/**
 * Who a delegated app's code belongs to (9.4); the answer names no corp: it is the token's.
 * @throws as `memberOfSuite`
 */
export function memberOf(call: string, reply: ReplyObject): Member {
  const userId = firstText(reply, 'userid', 'UserId');
  const openUserId = firstText(reply, 'open_userid');
  const stranger = firstText(reply, 'openid', 'OpenId', 'external_userid');
  if (userId !== undefined && stranger !== undefined)
    throw unusable(call, 'the answer names both a member and a stranger');
  if (stranger !== undefined) throw notAMember(call, 'a visitor or an external contact');
  if (userId === undefined) throw unusable(call, 'the answer names nobody');
  // `CorpId/userid`: a member of a corp that shares the app.
  if (userId.includes('/')) throw notAMember(call, 'a member of a linked corp');
  return { userId, ...(openUserId !== undefined && { openUserId }) };
}

/** The most lasting id of a person: `open_userid`, else `userid`; case tells two of them apart (11.1). */
export function subjectOf({ userId, openUserId }: Member): string {
  return openUserId ?? userId;
}

function requiredCorp(call: string, corpId: string | undefined): string {
  if (corpId === undefined) throw unusable(call, 'the answer lacks corpid');
  return corpId;
}

function firstText(reply: ReplyObject, ...names: readonly string[]): string | undefined {
  return names.map((name) => asText(reply[name])).find((text) => text !== undefined);
}

function notAMember(call: string, who: string): AppError {
  return new AppError('not_a_member', 'Only members of a company can sign in here.', {
    operator: {
      call,
      platformMessage: `the code belongs to ${who}`,
      fix: 'Only members of a corp may sign in through this connection: its administrator adds them to the contacts and to the app’s visible range (可见范围).',
    },
  });
}
