import { unionIdOf, type DingtalkApp, type DingtalkMember, type DingtalkPerson } from './world.js';

/** Larger than a double can tell apart from its neighbours, as live answers have it (reference dingtalk 3.3). */
const ORDER_BEYOND_DOUBLES = 176_180_000_000_000_512n;

/** The `result` of `v2/user/get`: which keys are there depends on what the app was granted. */
export function userDetails(
  app: DingtalkApp,
  person: DingtalkPerson,
  member: DingtalkMember,
): Record<string, unknown> {
  const mobile = app.permissions.includes('fieldMobile')
    ? { mobile: person.mobile, state_code: person.stateCode }
    : {};
  const personal = app.permissions.includes('fieldEmail')
    ? {
        email: member.email ?? '',
        org_email: member.orgEmail,
        telephone: '',
        work_place: '',
        remark: '',
        extension: '{}',
      }
    : {};
  return {
    userid: member.userid,
    unionid: unionIdOf(app.corpId, person.id),
    name: member.name,
    avatar: person.avatarUrl ?? '',
    ...mobile,
    ...personal,
    hide_mobile: false,
    job_number: member.jobNumber ?? '',
    title: member.title,
    dept_id_list: member.deptIds,
    dept_order_list: member.deptIds.map((id) => ({ dept_id: id, order: ORDER_BEYOND_DOUBLES })),
    leader_in_dept: member.deptIds.map((id) => ({ dept_id: id, leader: false })),
    role_list: member.admin ? [{ id: 100, name: '总监', group_name: '职务' }] : undefined,
    union_emp_ext: {},
    hired_date: 1_597_573_616_828,
    create_time: '2020-08-16T10:26:56.000Z',
    active: member.active,
    real_authed: true,
    senior: false,
    admin: member.admin,
    boss: false,
    exclusive_account: false,
  };
}
