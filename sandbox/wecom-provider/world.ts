import type { WecomMember } from '../wecom/world.js';

/** A third-party app, a delegated template (代开发), or the app of today's web login (登录授权). */
export type SuiteKind = 'third-party' | 'delegated' | 'login';

/** Token and EncodingAESKey of a callback. */
export interface CallbackPair {
  token: string;
  aesKey: string;
}

export interface ProviderSuite {
  readonly kind: SuiteKind;
  /** `ww…`, or `dk…` for a template. */
  readonly suiteId: string;
  secret: string;
  name: string;
  /** One pair for the command URL and the data URL. */
  callback: CallbackPair;
  /** An app that is not published is installed in test mode only (`auth_type` 1). */
  published: boolean;
  /** 可信域名 of OAuth and web login: host, with its port if it has one. */
  trustedDomain?: string;
  /** 安装完成回调域名: where the install page is opened from, and leads back to. */
  installDomain?: string;
}

export interface ServiceProvider {
  readonly corpId: string;
  secret: string;
  name: string;
  /** IP白名单; the last octet may be `*`; empty: all addresses. */
  trustedIps: string[];
  /** 登录授权发起域名: the page that leads to the old web login. */
  loginStartDomain?: string;
  /** 授权完成回调域名: where the old web login leads back to. */
  loginCallbackDomain?: string;
  suites: ProviderSuite[];
}

export interface CorpMember extends WecomMember {
  /** What the encrypted id is made of when the userid is no longer the first one: it outlasts a rename. */
  readonly firstUserid?: string;
}

/** An administrator of a customer; the old login tells five sorts apart (reference 5.5). */
export interface CorpAdmin {
  readonly userid: string;
  /** 1 creator, 2 and 3 system administrators, 4 of a part. */
  usertype: 1 | 2 | 3 | 4;
  /** 0 sends messages, 1 manages. */
  authType: 0 | 1;
}

/** Someone in the client who is no member; a customer of the corp has an `external_userid` too. */
export interface CorpVisitor {
  readonly id: string;
  name: string;
  readonly isCustomer: boolean;
}

export interface CustomerCorp {
  /** The plain one, which only the corp itself is sure to see. */
  readonly corpId: string;
  name: string;
  /** `plain`: authorised since before the upgrade and not migrated (reference 11.2). */
  idMode: 'plain' | 'encrypted';
  members: CorpMember[];
  visitors: CorpVisitor[];
  admins: CorpAdmin[];
  departments: { id: number; name: string; parentid: number }[];
  /** An app that the corp built itself: the only kind that may read encrypted userids back. */
  ownApp: { readonly agentId: number; secret: string };
}

/** An app of the provider in one corp. */
export interface Installation {
  readonly corpId: string;
  readonly suiteId: string;
  readonly agentId: number;
  permanentCode: string;
  /** 0 by an administrator, 1 by a member. */
  authMode: 0 | 1;
  /** The userids that the app may see. */
  visible: 'all' | string[];
  status: 'active' | 'disabled' | 'cancelled';
  /** Who agreed. */
  readonly agreedBy: string;
  readonly isTest: boolean;
}

export interface WecomProviderWorld {
  readonly provider: ServiceProvider;
  corps: CustomerCorp[];
  installations: Installation[];
}

export function findSuite(
  world: WecomProviderWorld,
  suiteId: string | undefined,
): ProviderSuite | undefined {
  return world.provider.suites.find((suite) => suite.suiteId === suiteId);
}

/** By the plain id, of which the case does not matter. */
export function findCustomer(
  world: WecomProviderWorld,
  corpId: string | undefined,
): CustomerCorp | undefined {
  const wanted = corpId?.toLowerCase();
  return world.corps.find((corp) => corp.corpId === wanted);
}

/** By the plain userid, of which the case does not matter. */
export function findMember(corp: CustomerCorp, userid: string): CorpMember | undefined {
  const wanted = userid.toLowerCase();
  return corp.members.find((member) => member.userid.toLowerCase() === wanted);
}

/** The app in the corp, unless it was cancelled. */
export function findInstallation(
  world: WecomProviderWorld,
  corpId: string,
  suiteId: string,
): Installation | undefined {
  return world.installations.find(
    (it) => it.corpId === corpId && it.suiteId === suiteId && it.status !== 'cancelled',
  );
}

export function isInRange(installation: Installation, userid: string): boolean {
  return installation.visible === 'all' || installation.visible.includes(userid);
}

/** Whether the corp has any app of the provider, which decides in what form its ids are seen. */
export function isAuthorised(world: WecomProviderWorld, corpId: string): boolean {
  return world.installations.some((it) => it.corpId === corpId && it.status !== 'cancelled');
}
