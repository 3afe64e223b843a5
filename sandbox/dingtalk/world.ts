import { createHash } from 'node:crypto';

/** What an app was granted in the developer console (reference dingtalk 1.4, 3.2 to 3.5). */
export type DingtalkPermission =
  | 'Contact.User.Read'
  | 'Contact.User.mobile'
  | 'qyapi_base'
  | 'qyapi_get_member'
  | 'qyapi_get_member_by_mobile'
  /** 企业员工手机号信息 */
  | 'fieldMobile'
  /** 邮箱等个人信息 */
  | 'fieldEmail';

export interface DingtalkApp {
  readonly clientId: string;
  clientSecret: string;
  readonly corpId: string;
  readonly agentId: string;
  readonly name: string;
  /** 重定向URL, compared exactly. */
  redirectUrls: string[];
  permissions: DingtalkPermission[];
  /** Addresses that may call the server API; empty: all. */
  ipAllowList: string[];
  /** The userids in the app's contact scope. */
  visible: 'all' | string[];
  disabled?: boolean;
}

export interface DingtalkCorp {
  readonly corpId: string;
  name: string;
  apps: DingtalkApp[];
  departments: { id: number; name: string }[];
  members: DingtalkMember[];
}

/** A DingTalk account, whatever orgs it belongs to. */
export interface DingtalkPerson {
  readonly id: string;
  nick: string;
  mobile: string;
  stateCode: string;
  avatarUrl?: string;
  /** The personal mailbox set in the client: `me.email`. */
  personalEmail?: string;
}

/** A person's record in one org. */
export interface DingtalkMember {
  readonly userid: string;
  readonly personId: string;
  name: string;
  /** 0 employee, 1 external contact. */
  contactType: 0 | 1;
  deptIds: number[];
  active: boolean;
  admin: boolean;
  email?: string;
  orgEmail?: string;
  jobNumber?: string;
  title?: string;
}

export interface DingtalkWorld {
  corps: DingtalkCorp[];
  people: DingtalkPerson[];
}

export function findApp(world: DingtalkWorld, clientId: string): DingtalkApp | undefined {
  return world.corps.flatMap(({ apps }) => apps).find((app) => app.clientId === clientId);
}

export function findCorp(world: DingtalkWorld, corpId: string): DingtalkCorp | undefined {
  return world.corps.find((corp) => corp.corpId === corpId);
}

export function findPerson(world: DingtalkWorld, personId: string): DingtalkPerson | undefined {
  return world.people.find(({ id }) => id === personId);
}

/** The corps that a person is an employee of, with the record there. */
export function membershipsOf(
  world: DingtalkWorld,
  personId: string,
): { corp: DingtalkCorp; member: DingtalkMember }[] {
  return world.corps.flatMap((corp) =>
    corp.members
      .filter((member) => member.personId === personId && member.contactType === 0)
      .map((member) => ({ corp, member })),
  );
}

export function isVisible(app: DingtalkApp, userid: string): boolean {
  return app.visible === 'all' || app.visible.includes(userid);
}

/** Person × developer, which is the org that owns the app (reference dingtalk 8). */
export function unionIdOf(developerCorpId: string, personId: string): string {
  return `${digest('unionid', developerCorpId, personId)}iEiE`;
}

/** Person × app. */
export function openIdOf(clientId: string, personId: string): string {
  return `${digest('openid', clientId, personId)}iEiE`;
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 22);
}
