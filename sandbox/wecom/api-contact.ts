import type { Reply } from '../http/reply.js';
import { single, textField } from '../http/request.js';
import type { ApiContext } from './api-call.js';
import { findMember, isVisible, type WecomApp, type WecomMember } from './world.js';

/** 1 to 64 of digits, letters and `_-@.`, first a digit or letter (reference wecom 12). */
const USERID = /^[a-zA-Z0-9][\w\-@.]{0,63}$/;

/** `user/get` (reference wecom 7.1). A refusal carries an empty `department`, as real ones do. */
export function userGet({ corp, app, request, body, refuse, succeed }: ApiContext): Reply {
  const empties = { department: [] };
  const userid = single(request.query, 'userid') ?? textField(body, 'userid');
  if (userid === undefined) return refuse(41009, empties);
  if (userid.includes('/')) return refuse(40058, empties);
  if (!USERID.test(userid)) return refuse(40003, empties);
  const member = findMember(corp, userid);
  if (!member || member.status === 5 || !isVisible(app, member)) return refuse(60111, empties);
  return succeed({
    ...directoryFields(member),
    ...(app.createdAfter20220620 ? {} : sensitive(member)),
  });
}

function directoryFields(member: WecomMember): Record<string, unknown> {
  return {
    userid: member.userid,
    name: member.name,
    department: member.department,
    order: member.department.map(() => 0),
    position: member.position,
    is_leader_in_dept: member.department.map(() => 0),
    direct_leader: [],
    isleader: 0,
    hide_mobile: 0,
    enable: member.status === 2 ? 0 : 1,
    telephone: '',
    alias: '',
    main_department: member.department[0] ?? 1,
    status: member.status,
    extattr: { attrs: [] },
    external_position: '',
  };
}

/** What apps created before 2022-06-20 20:00 still get. */
function sensitive(member: WecomMember): Record<string, unknown> {
  return {
    avatar: member.avatar,
    thumb_avatar: `${member.avatar}100`,
    gender: member.gender,
    mobile: member.mobile,
    email: member.email,
    biz_mail: member.bizMail,
    qr_code: 'https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vcexample01',
    address: member.address,
  };
}

/** `user/getuserid` (reference wecom 7.2). */
export function useridByMobile({ corp, app, body, refuse, succeed }: ApiContext): Reply {
  const mobile = textField(body, 'mobile');
  if (mobile === undefined) return refuse(40063);
  if (mobile.length < 5 || mobile.length > 32) return refuse(40058);
  return useridOf(corp.members, app, (member) => member.mobile === mobile, refuse, succeed);
}

/** `user/get_userid_by_email`: type 1, the company's address, unless it says 2, the personal one. */
export function useridByEmail({ corp, app, body, refuse, succeed }: ApiContext): Reply {
  const email = textField(body, 'email');
  if (email === undefined) return refuse(40063);
  const isPersonal = body['email_type'] === 2;
  return useridOf(
    corp.members,
    app,
    (member) => (isPersonal ? member.email : member.bizMail) === email,
    refuse,
    succeed,
  );
}

function useridOf(
  members: readonly WecomMember[],
  app: WecomApp,
  fits: (member: WecomMember) => boolean,
  refuse: ApiContext['refuse'],
  succeed: ApiContext['succeed'],
): Reply {
  const member = members.find((it) => fits(it) && isVisible(app, it));
  return member ? succeed({ userid: member.userid }) : refuse(46004);
}

/** `department/list` (reference wecom 7.2): the departments in which the app sees someone. */
export function departmentList({ corp, app, request, refuse, succeed }: ApiContext): Reply {
  const seen = corp.departments.filter(
    ({ id }) =>
      app.visible === 'all' ||
      corp.members.some((member) => isVisible(app, member) && member.department.includes(id)),
  );
  const asked = single(request.query, 'id');
  if (asked !== undefined && !seen.some(({ id }) => id === Number(asked))) {
    return refuse(60011, { department: [] });
  }
  const inSubtree = (id: number): boolean => {
    if (asked === undefined || id === Number(asked)) return true;
    const parent = corp.departments.find((it) => it.id === id)?.parentid;
    return parent !== undefined && parent !== 0 && inSubtree(parent);
  };
  return succeed({
    department: seen
      .filter(({ id }) => inSubtree(id))
      .map(({ id, name, parentid }) => ({
        id,
        name,
        name_en: '',
        department_leader: [],
        parentid,
        order: 0,
      })),
  });
}
