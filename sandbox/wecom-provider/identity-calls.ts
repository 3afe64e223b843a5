import type { Reply } from '../http/reply.js';
import { single, textField } from '../http/request.js';
import type { CallContext, SuiteContext } from './call.js';
import type { LoginCode } from './grants.js';
import { USER_TICKET_SECONDS, type WecomProviderState } from './state.js';
import {
  findCustomer,
  findInstallation,
  findMember,
  findSuite,
  isInRange,
  type CorpMember,
  type CorpVisitor,
  type CustomerCorp,
} from './world.js';

/** Who a code stands for, and what it was good for. */
export interface Redeemed {
  readonly grant: LoginCode;
  readonly corp: CustomerCorp;
  readonly member?: CorpMember;
  readonly visitor?: CorpVisitor;
}

/** Spends a login's code, or says why not: the context's check decides whether it is of this app. */
export function redeem(
  { state, refuse }: CallContext,
  code: string | undefined,
  mayRedeem: (grant: LoginCode) => number | undefined,
  empties: Record<string, unknown> = {},
): Redeemed | Reply {
  if (code === undefined) return refuse(41008, empties);
  if (Buffer.byteLength(code) > 512) return refuse(40058, empties);
  if (state.spentCodes.has(code)) return refuse(state.settings.spentCodeCode, empties);
  const entry = state.loginCodes.find(code);
  if (!entry) return refuse(40029, empties);
  const refusal = mayRedeem(entry.value);
  if (refusal !== undefined) return refuse(refusal, empties);
  if (!state.loginCodes.isLive(entry)) return refuse(state.settings.expiredCodeCode, empties);
  const grant = entry.value;
  const corp = findCustomer(state.world, grant.corpId);
  const member = corp && findMember(corp, grant.personId);
  const visitor = corp?.visitors.find(({ id }) => id === grant.personId);
  if (!corp || (!member && !visitor)) return refuse(40029, empties);
  state.loginCodes.remove(code);
  state.spentCodes.add(code);
  return { grant, corp, ...(member ? { member } : {}), ...(visitor ? { visitor } : {}) };
}

/** `service/auth/getuserinfo3rd` (reference 5.4, 6.2): web login's codes, and those of the client. */
export function userInfo3rd(context: SuiteContext): Reply {
  const redeemed = redeemHere(context);
  if ('status' in redeemed) return redeemed;
  const { state, succeed } = context;
  const { corp, member, visitor } = redeemed;
  if (!member) return succeed({ openid: state.ids.openid(visitor?.id ?? '') });
  const ticket = userTicket(context, redeemed);
  return succeed({
    corpid: state.seen.corpId(corp),
    userid: state.seen.userid(corp, member),
    open_userid: state.seen.openUserid(corp, member),
    user_ticket: ticket,
    expires_in: ticket === undefined ? undefined : USER_TICKET_SECONDS,
  });
}

/** `service/getuserinfo3rd`: the old path, the same facts in another spelling. */
export function userInfo3rdOld(context: SuiteContext): Reply {
  const redeemed = redeemHere(context);
  if ('status' in redeemed) return redeemed;
  const { state, succeed } = context;
  const { corp, member, visitor } = redeemed;
  const DeviceId = '10000712345678QX';
  if (!member) return succeed({ OpenId: state.ids.openid(visitor?.id ?? ''), DeviceId });
  const ticket = userTicket(context, redeemed);
  return succeed({
    CorpId: state.seen.corpId(corp),
    UserId: state.seen.userid(corp, member),
    DeviceId,
    open_userid: state.seen.openUserid(corp, member),
    user_ticket: ticket,
    expires_in: ticket === undefined ? undefined : USER_TICKET_SECONDS,
  });
}

/** Not for delegated apps (reference 9.2). */
function redeemHere(context: SuiteContext): Redeemed | Reply {
  const { state, suite, request, refuse } = context;
  if (suite.kind === 'delegated') return refuse(48002);
  return redeem(context, single(request.query, 'code'), (grant) => {
    // The console's codes may go either way once there is an app of web login (reference 5.5).
    if (grant.flow === 'console') return suite.kind === 'login' ? undefined : 40029;
    if (grant.flow !== 'web-suite' && grant.flow !== 'in-app-suite') return 40029;
    if (!state.domains.has(grant.redirectHost ?? '', suite.suiteId, suite.trustedDomain)) {
      return 50001;
    }
    return grant.suiteId === suite.suiteId ? undefined : 40029;
  });
}

/** Only in the client, beyond `snsapi_base`, for a member in the visible range. */
function userTicket({ state, suite }: SuiteContext, { grant, corp, member }: Redeemed) {
  if (grant.flow !== 'in-app-suite' || grant.scope === 'snsapi_base' || !member) return undefined;
  const installation = findInstallation(state.world, corp.corpId, suite.suiteId);
  if (!installation || !isInRange(installation, member.userid)) return undefined;
  return state.userTickets.put(
    {
      corpId: corp.corpId,
      suiteId: suite.suiteId,
      userid: member.userid,
      scope: grant.scope,
    },
    USER_TICKET_SECONDS,
  ).id;
}

/** `getuserdetail3rd` (reference 6.3): neither name nor phone, and the rest only after consent. */
export function userDetail3rd({ state, suite, body, refuse, succeed }: SuiteContext): Reply {
  if (suite.kind === 'delegated') return refuse(48002);
  const found = findTicket(state, textField(body, 'user_ticket'), suite.suiteId);
  if (typeof found === 'number') return refuse(found);
  const { corp, member, hasConsented } = found;
  const userid = state.seen.userid(corp, member);
  return succeed({
    corpid: state.seen.corpId(corp),
    userid,
    name: userid,
    gender: hasConsented ? member.gender : '0',
    avatar: hasConsented ? member.avatar : '',
    qr_code: hasConsented ? 'https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vcx1' : '',
  });
}

/** Whom a user ticket of an app is about, or the code of why not. */
export function findTicket(
  state: WecomProviderState,
  ticket: string | undefined,
  suiteId: string,
  corpId?: string,
): { corp: CustomerCorp; member: CorpMember; hasConsented: boolean } | number {
  if (ticket === undefined) return 84090;
  const entry = state.userTickets.find(ticket);
  const isOfThisApp =
    entry?.value.suiteId === suiteId && (corpId === undefined || entry.value.corpId === corpId);
  if (!entry || !isOfThisApp || !findSuite(state.world, suiteId)) return 84015;
  if (!state.userTickets.isLive(entry)) return 84014;
  const corp = findCustomer(state.world, entry.value.corpId);
  const member = corp && findMember(corp, entry.value.userid);
  if (!member) return 84015;
  return { corp, member, hasConsented: entry.value.scope === 'snsapi_privateinfo' };
}
