import { jsonReply, type Reply } from '../http/reply.js';
import { textField } from '../http/request.js';
import { hexId } from '../opaque-id.js';
import { oapiError, requestId } from './oapi-errors.js';
import type { OapiContext } from './oapi-host.js';
import { userDetails } from './oapi-user-details.js';
import { findCorp, findPerson, isVisible, unionIdOf, type DingtalkMember } from './world.js';

/** `v2/user/getuserinfo`: an in-app code for a member (reference dingtalk 3.2). */
export function getUserInfo(context: OapiContext): Reply {
  const { state, app, request } = context;
  const code = textField(context.parameters, 'code');
  if (code === undefined) return oapiError(request, 41026, '缺少tmp_auth_code');
  const entry = state.inAppCodes.live(code);
  const member = entry && memberOf(context, entry.value.userid);
  const fits = entry?.value.clientId === app.clientId && entry.value.corpId === app.corpId;
  if (!member || !fits) return oapiError(request, 40078, '不存在的临时授权码');
  if (!isVisible(app, member.userid)) return oapiError(request, 40079, '不存在的授权信息');
  state.inAppCodes.remove(code);
  return success(context, {
    userid: member.userid,
    unionid: unionIdOf(app.corpId, member.personId),
    associated_unionid: unionIdOf(`associated:${app.corpId}`, member.personId),
    name: member.name,
    device_id: hexId().slice(0, 10),
    sys: member.admin,
    sys_level: member.admin ? 1 : 0,
  });
}

/** `v2/user/get` (reference dingtalk 3.3). */
export function userGet(context: OapiContext): Reply {
  const { state, app, request, parameters } = context;
  const userid = textField(parameters, 'userid');
  if (userid === undefined) return oapiError(request, 400002, '无效的参数');
  if (userid.length > 64) return oapiError(request, 33012, '无效的USERID');
  const member = memberOf(context, userid);
  const person = member && findPerson(state.world, member.personId);
  if (!person || member.contactType === 1) return notFound(context);
  if (!isVisible(app, userid)) return oapiError(request, 50002, '请求的员工userid不在授权范围内');
  return success(context, userDetails(app, person, member));
}

/** `user/getbyunionid`: the membership test (reference dingtalk 3.4). */
export function getByUnionId(context: OapiContext): Reply {
  const { state, app, request, parameters } = context;
  const unionId = textField(parameters, 'unionid');
  if (unionId === undefined) return oapiError(request, 400002, '无效的参数');
  const member = findCorp(state.world, app.corpId)?.members.find(
    ({ personId }) => unionIdOf(app.corpId, personId) === unionId,
  );
  if (!member) return notFound(context);
  return success(context, { contact_type: member.contactType, userid: member.userid });
}

/** `v2/user/getbymobile` (reference dingtalk 3.5). */
export function getByMobile(context: OapiContext): Reply {
  const { state, app, request, parameters } = context;
  const mobile = textField(parameters, 'mobile');
  if (mobile === undefined) return oapiError(request, 400002, '无效的参数');
  if (!/^\+?[\d-]{5,20}$/.test(mobile)) return oapiError(request, 40104, '无效的手机号');
  const member = findCorp(state.world, app.corpId)?.members.find(
    ({ personId, contactType }) =>
      contactType === 0 && findPerson(state.world, personId)?.mobile === mobile,
  );
  if (!member) return notFound(context);
  return success(context, { userid: member.userid });
}

function memberOf({ state, app }: OapiContext, userid: string): DingtalkMember | undefined {
  return findCorp(state.world, app.corpId)?.members.find((member) => member.userid === userid);
}

function notFound({ request }: OapiContext): Reply {
  return oapiError(request, 60121, '找不到该用户');
}

/** Slashes come escaped, as live answers have them (reference dingtalk 3.3). */
function success({ state, request }: OapiContext, result: Record<string, unknown>): Reply {
  const reply = jsonReply(
    state.variation.of({
      errcode: 0,
      errmsg: 'ok',
      result: state.variation.of(result),
      ...requestId(request),
    }),
  );
  return { ...reply, body: reply.body.replaceAll('/', '\\/') };
}
