/** A field that an administrator may select for `auth/getuserdetail` (reference wecom 6.3). */
export type SensitiveField =
  'avatar' | 'gender' | 'mobile' | 'email' | 'biz_mail' | 'qr_code' | 'address';

export const sensitiveFields: readonly SensitiveField[] = [
  'avatar',
  'gender',
  'mobile',
  'email',
  'biz_mail',
  'qr_code',
  'address',
];

export interface WecomApp {
  readonly agentId: number;
  secret: string;
  name: string;
  /** The OAuth trusted domain: host, with its port if it has one, no scheme. */
  trustedDomain?: string;
  /** 授权回调域, which Web login accepts too. */
  callbackDomain?: string;
  /** The userids that the app may see. */
  visible: 'all' | string[];
  /** Created after 2022-06-20 20:00: `user/get` leaves the sensitive fields out. */
  createdAfter20220620: boolean;
  /** 企业可信IP; empty: all addresses. */
  trustedIps: string[];
  /** What the administrator selected for `getuserdetail`. */
  selectedFields: SensitiveField[];
  disabled?: boolean;
}

export interface WecomMember {
  /** As stored; compared without regard to case. */
  readonly userid: string;
  name: string;
  department: number[];
  /** 1 active, 2 disabled, 4 not activated, 5 left. */
  status: 1 | 2 | 4 | 5;
  mobile: string;
  email: string;
  bizMail: string;
  /** "0" unknown, "1" male, "2" female. */
  gender: '0' | '1' | '2';
  avatar: string;
  address: string;
  position: string;
}

/** Someone who opens the link without being a member: a WeChat user, or a member of a linked company. */
export interface WecomVisitor {
  readonly id: string;
  name: string;
  /** Of a non-member: unique per company. */
  openid?: string;
  /** Only of a customer of the company. */
  externalUserid?: string;
  /** Of a linked company's member: `CorpId/userid`. */
  linkedUserid?: string;
}

export interface WecomCorp {
  readonly corpId: string;
  name: string;
  apps: WecomApp[];
  departments: { id: number; name: string; parentid: number }[];
  members: WecomMember[];
  visitors: WecomVisitor[];
}

export interface WecomWorld {
  corps: WecomCorp[];
}

export function findCorp(world: WecomWorld, corpId: string): WecomCorp | undefined {
  return world.corps.find((corp) => corp.corpId === corpId);
}

export function findApp(corp: WecomCorp, agentId: number): WecomApp | undefined {
  return corp.apps.find((app) => app.agentId === agentId);
}

export function findMember(corp: WecomCorp, userid: string): WecomMember | undefined {
  const wanted = userid.toLowerCase();
  return corp.members.find((member) => member.userid.toLowerCase() === wanted);
}

export function isVisible(app: WecomApp, member: WecomMember): boolean {
  return app.visible === 'all' || app.visible.includes(member.userid);
}
