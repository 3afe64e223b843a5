import type { Reply } from '../http/reply.js';
import { textField } from '../http/request.js';
import type { CallContext, SuiteContext } from './call.js';
import { redeem } from './identity-calls.js';
import { AUTH_LINK_SECONDS } from './state.js';
import {
  findCustomer,
  findInstallation,
  findMember,
  findSuite,
  isAuthorised,
  type CorpAdmin,
} from './world.js';

/** `get_login_info` (reference 5.5): the old web login, and the way from the administrators' console. */
export function loginInfo(context: CallContext): Reply {
  const { state, body, succeed } = context;
  const isOfThisWay = ({ flow }: { flow: string }): number | undefined =>
    flow === 'old-web' || flow === 'console' ? undefined : 40029;
  const redeemed = redeem(context, textField(body, 'auth_code'), isOfThisWay, { agent: [] });
  if ('status' in redeemed) return redeemed;
  const { corp, member } = redeemed;
  if (!member) return context.refuse(40029, { agent: [] });
  const admin = corp.admins.find((it) => it.userid === member.userid);
  const userid = state.seen.userid(corp, member);
  return succeed({
    usertype: admin?.usertype ?? 5,
    user_info: {
      userid,
      open_userid: state.seen.openUserid(corp, member),
      name: userid,
      avatar: member.avatar,
    },
    corp_info: { corpid: state.seen.corpId(corp) },
    agent: admin ? agentsOf(context, corp.corpId, admin) : [],
    auth_info: admin ? { department: [{ id: 1, writable: true }] } : undefined,
  });
}

function agentsOf({ state }: CallContext, corpId: string, { authType }: CorpAdmin) {
  return state.world.installations
    .filter((it) => it.corpId === corpId && it.status !== 'cancelled')
    .map(({ agentId }) => ({ agentid: agentId, auth_type: authType }));
}

/** `corpid_to_opencorpid` (reference 11.3), of corps with an authorisation only. */
export function openCorpid({ state, body, refuse, succeed }: CallContext): Reply {
  const corpId = textField(body, 'corpid');
  if (corpId === undefined) return refuse(41002);
  const corp = findCustomer(state.world, corpId);
  if (!corp) return refuse(40013);
  if (!isAuthorised(state.world, corp.corpId)) return refuse(48001);
  return succeed({ open_corpid: state.ids.corpId(corp.corpId) });
}

/** `finish_openid_migration` (reference 11.3): there is no way back. */
export function finishMigration({ state, body, refuse, succeed }: CallContext): Reply {
  const corpId = textField(body, 'corpid');
  if (corpId === undefined) return refuse(41002);
  const types = body['openid_type'];
  const isList = Array.isArray(types) && types.length > 0;
  if (!isList || !types.every((type) => type === 1 || type === 3)) return refuse(40058);
  const corp = findCustomer(state.world, corpId);
  if (!corp) return refuse(40013);
  if (!isAuthorised(state.world, corp.corpId)) return refuse(48001);
  if (types.includes(1)) corp.idMode = 'encrypted';
  return succeed({});
}

/** `get_customized_auth_url` (reference 9.1): a link for one to nine templates. */
export function customizedAuthUrl({ state, body, refuse, succeed }: CallContext): Reply {
  const returned = body['state'] ?? '';
  if (typeof returned !== 'string' || !/^[a-zA-Z0-9]{0,32}$/.test(returned)) return refuse(40058);
  const ids = body['templateid_list'];
  if (ids === undefined) return refuse(40063);
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > 9) return refuse(40058);
  const templates = ids.map((id: unknown) =>
    findSuite(state.world, typeof id === 'string' ? id : undefined),
  );
  if (!templates.every((template) => template?.kind === 'delegated')) return refuse(40083);
  const link = state.attempts.put(
    {
      page: 'install',
      suiteIds: templates.map((template) => template?.suiteId ?? ''),
      ...(returned === '' ? {} : { state: returned }),
    },
    AUTH_LINK_SECONDS,
  );
  return succeed({
    qrcode_url: `${state.origin}/open.work.weixin.qq.com/sandbox/${link.id}/install`,
    expires_in: AUTH_LINK_SECONDS,
  });
}

/** `service/get_admin_list` (reference 4.6), the old one: leaves system administrators out of members' apps. */
export function adminListOld({ state, suite, body, refuse, succeed }: SuiteContext): Reply {
  const seen = textField(body, 'auth_corpid');
  if (seen === undefined) return refuse(41002);
  const corp = state.seen.findCorp(seen);
  const installation = corp && findInstallation(state.world, corp.corpId, suite.suiteId);
  if (!installation) return refuse(48004);
  const agentId = body['agentid'];
  if (agentId !== installation.agentId) {
    const isOfAnotherApp = state.world.installations.some(
      (it) => it.corpId === corp.corpId && it.agentId === agentId && it.status !== 'cancelled',
    );
    return refuse(isOfAnotherApp ? 48003 : 40056);
  }
  const admins = corp.admins.filter(
    ({ usertype }) => installation.authMode === 0 || usertype === 4,
  );
  return succeed({
    admin: admins.flatMap(({ userid, authType }) => {
      const member = findMember(corp, userid);
      if (!member) return [];
      return {
        userid: state.seen.userid(corp, member),
        open_userid: state.seen.openUserid(corp, member),
        auth_type: authType,
      };
    }),
  });
}
