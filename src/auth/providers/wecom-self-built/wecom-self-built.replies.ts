import { AppError } from '../../../common/app-error.js';
import { asText, type ReplyObject } from '../platform-reply.js';
import { unusable } from '../wecom/wecom.errors.js';

const foreigners =
  'They are not a member of this corp in WeCom: only members may sign in through this connection.';

/**
 * Who a code belongs to (reference wecom-self-built 6.1): a member has a `userid`, a stranger an `openid` or an `external_userid`. The older
 * call spells the fields `UserId` and `OpenId` (6.2).
 * @param call the call that gave the reply
 * @returns the userid as WeCom spells it
 * @throws AppError `not_a_member` for visitors, external contacts and members of linked corps; `platform_unavailable` when the reply
 * names nobody, or a member and a stranger at once
 */
export function memberId(call: string, reply: ReplyObject): string {
  const userid = firstText(reply, 'userid', 'UserId');
  const stranger = firstText(reply, 'openid', 'OpenId', 'external_userid');
  if (userid !== undefined && stranger !== undefined)
    throw unusable(call, 'the answer names both a member and a stranger');
  if (stranger !== undefined) throw notAMember(call, 'a visitor or an external contact');
  if (userid === undefined) throw unusable(call, 'the answer names nobody');
  // `CorpId/userid`: the same userid in a linked corp is another person.
  if (userid.includes('/')) throw notAMember(call, 'a member of a linked corp');
  return userid;
}

/**
 * The subject of a member: WeCom tells userids apart without case (12). Only ASCII letters are lowered, as a userid holds no others.
 */
export function subjectOf(userid: string): string {
  return userid.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function firstText(reply: ReplyObject, ...names: readonly string[]): string | undefined {
  return names.map((name) => asText(reply[name])).find((text) => text !== undefined);
}

function notAMember(call: string, who: string): AppError {
  return new AppError('not_a_member', 'Only members of the company can sign in here.', {
    operator: { call, platformMessage: `the code belongs to ${who}`, fix: foreigners },
  });
}
