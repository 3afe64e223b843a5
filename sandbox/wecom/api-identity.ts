import type { Reply } from '../http/reply.js';
import { single, textField } from '../http/request.js';
import { base64UrlId } from '../opaque-id.js';
import type { ApiContext } from './api-call.js';
import { hasConsented } from './in-app-login.js';
import { USER_TICKET_SECONDS, type CodeGrant } from './state.js';
import { findMember, isVisible, type WecomMember, type WecomVisitor } from './world.js';

const DEFAULT_AVATAR = 'https://wework.example.com/avatar/default/0';

/** Who a code stands for. */
interface Redeemed {
  readonly grant: CodeGrant;
  readonly member?: WecomMember;
  readonly visitor?: WecomVisitor;
}

/** `auth/getuserinfo` (reference wecom 6.1): `userid`, or `openid` of someone who is not a member. */
export function getUserInfo(context: ApiContext): Reply {
  const redeemed = redeem(context);
  if ('status' in redeemed) return redeemed;
  const { member, visitor } = redeemed;
  return context.succeed({
    userid: member?.userid ?? visitor?.linkedUserid,
    user_ticket: userTicket(context, redeemed),
    openid: visitor?.openid,
    external_userid: visitor?.externalUserid,
  });
}

/** `user/getuserinfo` (reference wecom 6.2): the same facts in another spelling. */
export function getUserInfoLegacy(context: ApiContext): Reply {
  const redeemed = redeem(context);
  if ('status' in redeemed) return redeemed;
  const { member, visitor } = redeemed;
  const ticket = userTicket(context, redeemed);
  return context.succeed({
    UserId: member?.userid ?? visitor?.linkedUserid,
    OpenId: visitor?.openid,
    DeviceId: '10000712345678QX',
    external_userid: visitor?.externalUserid,
    user_ticket: ticket,
    expires_in: ticket === undefined ? undefined : USER_TICKET_SECONDS,
  });
}

/** Spends a code, or says why not. A failing call leaves the code alone; whether the real one does is unknown. */
function redeem({ state, corp, app, request, refuse }: ApiContext): Redeemed | Reply {
  const code = single(request.query, 'code');
  if (code === undefined) return refuse(41008);
  if (Buffer.byteLength(code) > 512) return refuse(40058);
  if (state.spentCodes.has(code)) return refuse(state.settings.spentCodeCode);
  const grant = state.codes.live(code)?.value;
  if (!grant || grant.flow === 'mini-program') return refuse(40029);
  const isOfThisApp =
    grant.corpId === corp.corpId && (grant.agentId === undefined || grant.agentId === app.agentId);
  const flow = grant.flow === 'web' ? 'web' : 'in-app';
  if (!isOfThisApp || !state.isTrusted(corp, app, grant.redirectHost ?? '', flow)) {
    return refuse(50001);
  }
  const member = findMember(corp, grant.personId);
  const visitor = corp.visitors.find(({ id }) => id === grant.personId);
  if (!member && !visitor) return refuse(40029);
  state.codes.remove(code);
  state.spentCodes.add(code);
  return { grant, ...(member ? { member } : {}), ...(visitor ? { visitor } : {}) };
}

/** Only after `snsapi_privateinfo`, only for a member in the visible range. */
function userTicket(
  { state, app, key }: ApiContext,
  { grant, member }: Redeemed,
): string | undefined {
  if (grant.flow !== 'in-app' || grant.scope !== 'snsapi_privateinfo') return undefined;
  if (!member || !isVisible(app, member)) return undefined;
  return state.userTickets.put({ ...key, userid: member.userid }, USER_TICKET_SECONDS).id;
}

/** `auth/getuserdetail` (reference wecom 6.3): what the member agreed to and the administrator selected. */
export function getUserDetail({ state, corp, app, key, body, refuse, succeed }: ApiContext): Reply {
  const ticket = textField(body, 'user_ticket');
  if (ticket === undefined) return refuse(84090);
  const entry = state.userTickets.find(ticket);
  if (entry?.value.corpId !== key.corpId || entry.value.agentId !== key.agentId)
    return refuse(84015);
  if (!state.userTickets.isLive(entry)) return refuse(84014);
  const member = findMember(corp, entry.value.userid);
  if (!member || !isVisible(app, member)) return refuse(92000);
  if (app.selectedFields.length === 0) return refuse(92001);

  const agreed = hasConsented(state, entry.value);
  const given = (field: (typeof app.selectedFields)[number], value: string): string | undefined =>
    agreed && app.selectedFields.includes(field) && value !== '' ? value : undefined;
  return succeed({
    userid: member.userid,
    gender: given('gender', member.gender) ?? '0',
    avatar: given('avatar', member.avatar) ?? DEFAULT_AVATAR,
    qr_code: given(
      'qr_code',
      'https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vcexample01',
    ),
    mobile: given('mobile', member.mobile),
    email: given('email', member.email),
    biz_mail: given('biz_mail', member.bizMail),
    address: given('address', member.address),
  });
}

/** `miniprogram/jscode2session` (reference wecom 14). */
export function jscode2session({ state, corp, app, request, refuse, succeed }: ApiContext): Reply {
  const code = single(request.query, 'js_code');
  if (code === undefined) return refuse(41008);
  if (single(request.query, 'grant_type') !== 'authorization_code') return refuse(40063);
  const grant = state.codes.live(code)?.value;
  const fits =
    grant?.flow === 'mini-program' && grant.corpId === corp.corpId && grant.agentId === app.agentId;
  const member = fits ? findMember(corp, grant.personId) : undefined;
  if (!member) return refuse(40029);
  state.codes.remove(code);
  return succeed({
    corpid: corp.corpId,
    userid: member.userid,
    session_key: `${base64UrlId().slice(0, 22)}==`,
  });
}
