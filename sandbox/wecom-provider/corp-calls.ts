import type { Reply } from '../http/reply.js';
import { single, textField } from '../http/request.js';
import type { CorpContext } from './call.js';
import { findTicket, redeem } from './identity-calls.js';
import { TOKEN_SECONDS, USER_TICKET_SECONDS } from './state.js';
import { findMember, isInRange, type CorpMember, type CustomerCorp } from './world.js';

const TICKETS_PER_HOUR = { app: 100, corp: 400 };

/** A call of the provider's app in a corp. */
export type AppContext = CorpContext & Required<Pick<CorpContext, 'installed'>>;

/** `auth/getuserinfo` of a delegated app (reference 9.4). The corp is that of the token. */
export function userInfo(context: AppContext): Reply {
  const { state, corp, installed, request, refuse, succeed } = context;
  const { suite, installation } = installed;
  if (suite.kind !== 'delegated') return refuse(48002);
  const redeemed = redeem(context, single(request.query, 'code'), (grant) => {
    if (grant.flow !== 'web-corp' && grant.flow !== 'in-app-corp') return 40029;
    const isHere = grant.corpId === corp.corpId;
    const isOfThisApp = grant.suiteId === undefined || grant.suiteId === suite.suiteId;
    const host = grant.redirectHost ?? '';
    const isTrusted = state.domains.has(host, suite.suiteId, suite.trustedDomain);
    return isHere && isOfThisApp && isTrusted ? undefined : 50001;
  });
  if ('status' in redeemed) return redeemed;
  const { grant, member, visitor } = redeemed;
  if (!member) {
    return succeed({
      openid: state.ids.openid(visitor?.id ?? ''),
      external_userid: visitor?.isCustomer
        ? state.ids.externalUserid(corp.corpId, visitor.id)
        : undefined,
    });
  }
  const mayAsk = grant.flow === 'in-app-corp' && grant.scope === 'snsapi_privateinfo';
  const ticket =
    mayAsk && isInRange(installation, member.userid)
      ? state.userTickets.put(
          {
            corpId: corp.corpId,
            suiteId: suite.suiteId,
            userid: member.userid,
            scope: grant.scope,
          },
          USER_TICKET_SECONDS,
        ).id
      : undefined;
  return succeed({ userid: state.seen.userid(corp, member), user_ticket: ticket });
}

/** `auth/getuserdetail` of a delegated app: what the administrator ticked, all of it here, and the member agreed to. */
export function userDetail({ state, corp, installed, body, refuse, succeed }: AppContext): Reply {
  const { suite } = installed;
  if (suite.kind !== 'delegated') return refuse(48002);
  const found = findTicket(state, textField(body, 'user_ticket'), suite.suiteId, corp.corpId);
  if (typeof found === 'number') return refuse(found);
  const { member, hasConsented } = found;
  const userid = state.seen.userid(corp, member);
  if (!hasConsented) return succeed({ userid, gender: '0' });
  return succeed({
    userid,
    gender: member.gender,
    avatar: member.avatar,
    qr_code: 'https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vcx1',
    mobile: member.mobile,
    email: member.email,
    biz_mail: member.bizMail,
    address: member.address,
  });
}

/** `user/get`: neither a person's name nor anything sensitive. A plain userid after the upgrade is unknown. */
export function userGet({ state, corp, installed, request, refuse, succeed }: AppContext): Reply {
  const empties = { department: [] };
  const seen = single(request.query, 'userid');
  if (seen === undefined) return refuse(41009, empties);
  const member = state.seen.findMember(corp, seen);
  if (!member || member.status === 5) return refuse(60111, empties);
  if (!isInRange(installed.installation, member.userid)) return refuse(60011, empties);
  const userid = state.seen.userid(corp, member);
  return succeed({
    userid,
    ...(installed.suite.kind === 'third-party'
      ? { name: userid, open_userid: state.seen.openUserid(corp, member) }
      : {}),
    department: member.department,
    order: member.department.map(() => 0),
    main_department: member.department[0] ?? 1,
    position: '',
    alias: '',
    telephone: '',
    isleader: 0,
    enable: member.status === 2 ? 0 : 1,
    status: member.status,
    extattr: { attrs: [] },
  });
}

/** `agent/get_admin_list` (reference 4.6): nobody for an app that members authorised. */
export function adminList({ state, corp, installed, succeed }: AppContext): Reply {
  const admins = installed.installation.authMode === 0 ? corp.admins : [];
  return succeed({
    admin: admins.flatMap(({ userid, authType }) => {
      const member = findMember(corp, userid);
      return member ? { userid: state.seen.userid(corp, member), auth_type: authType } : [];
    }),
  });
}

/** `get_jsapi_ticket`: one per corp. A suite's token has no place here (reference 3.5). */
export function corpTicket(context: AppContext): Reply {
  if (context.request.query.has('type')) return context.refuse(91040);
  return ticket(context, context.corp.corpId);
}

/** `ticket/get?type=agent_config`: one per app. */
export function agentTicket(context: AppContext): Reply {
  if (single(context.request.query, 'type') !== 'agent_config') return context.refuse(91040);
  const { corp, installed } = context;
  return ticket(context, `${corp.corpId}/${installed.installation.agentId}`);
}

function ticket({ state, corp, installed, request, refuse, succeed }: AppContext, key: string) {
  if (request.query.has('suite_access_token')) return refuse(40014);
  const app = `${corp.corpId}/${installed.suite.suiteId}`;
  const isWithin =
    state.ticketCalls.allow(app, TICKETS_PER_HOUR.app) &&
    state.ticketCalls.allow(corp.corpId, TICKETS_PER_HOUR.corp);
  if (!isWithin) return refuse(45009);
  const entry =
    state.jsapiTickets.newestLive((it) => it.key === key) ??
    state.jsapiTickets.put({ key }, TOKEN_SECONDS);
  return succeed({ ticket: entry.id, expires_in: state.jsapiTickets.secondsLeft(entry) });
}

/** `batch/userid_to_openuserid` (reference 11.3): plain userids of members in the visible range. */
export function toOpenUserids({
  state,
  corp,
  installed,
  body,
  refuse,
  succeed,
}: AppContext): Reply {
  const userids = listOfTexts(body['userid_list']);
  if (userids === undefined) return refuse(body['userid_list'] === undefined ? 40063 : 40058);
  const known = new Map<string, CorpMember>();
  for (const userid of userids) {
    const member = findMember(corp, userid);
    if (member && isInRange(installed.installation, member.userid)) known.set(userid, member);
  }
  return succeed({
    open_userid_list: [...known].map(([userid, member]) => ({
      userid,
      open_userid: state.seen.openUserid(corp, member),
    })),
    invalid_userid_list: userids.filter((userid) => !known.has(userid)),
  });
}

/** `batch/openuserid_to_userid`: for the corp's own app only, about an app of a provider. */
export function fromOpenUserids(context: CorpContext): Reply {
  const { state, corp, installed, body, refuse, succeed } = context;
  if (installed) return refuse(48002);
  const ids = listOfTexts(body['open_userid_list']);
  if (ids === undefined) return refuse(body['open_userid_list'] === undefined ? 40063 : 40058);
  const isKnownApp = state.world.installations.some(
    (it) => it.corpId === corp.corpId && it.agentId === body['source_agentid'],
  );
  if (!isKnownApp) return refuse(40056);
  const found = ids.map((id) => ({ id, member: byOpenUserid(context, corp, id) }));
  return succeed({
    userid_list: found.flatMap(({ id, member }) =>
      member ? { open_userid: id, userid: member.userid } : [],
    ),
    invalid_open_userid_list: found.filter(({ member }) => !member).map(({ id }) => id),
  });
}

function byOpenUserid({ state }: CorpContext, corp: CustomerCorp, id: string) {
  return corp.members.find((member) => state.seen.openUserid(corp, member) === id);
}

/** One to a thousand texts. */
function listOfTexts(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > 1000) return undefined;
  return value.every((item): item is string => typeof item === 'string') ? value : undefined;
}

/** `getcallbackip` (reference 7.3). */
export function callbackIps({ succeed }: CorpContext): Reply {
  return succeed({ ip_list: ['203.0.113.*', '198.51.100.7'] });
}
