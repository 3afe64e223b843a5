import type { Language } from './language.js';
import type { Around } from './words.js';

/** What `/account` says. */
export interface AccountWords {
  readonly title: string;
  readonly profile: string;
  readonly name: string;
  readonly phone: string;
  readonly email: string;
  readonly verified: string;
  readonly unverified: string;
  readonly notGiven: string;
  readonly identities: string;
  readonly noIdentities: string;
  readonly company: string;
  readonly userId: string;
  readonly boundAt: string;
  readonly lastUsedAt: string;
  readonly leftAt: string;
  readonly unbind: string;
  readonly bindAnother: string;
  readonly bind: Around;
  readonly sessions: string;
  readonly thisBrowser: string;
  readonly otherBrowser: string;
  readonly noSessions: string;
  readonly signedInAt: string;
  readonly signOutEverywhere: string;
  readonly signOutEverywhereHint: string;
  readonly signOut: string;
  readonly bound: string;
  readonly unbound: string;
}

export const accountWords = {
  'zh-CN': {
    title: '我的账号',
    profile: '个人资料',
    name: '姓名',
    phone: '手机号',
    email: '邮箱',
    verified: '已验证',
    unverified: '未验证',
    notGiven: '未填写',
    identities: '登录方式',
    noIdentities: '还没有绑定任何平台身份。',
    company: '企业',
    userId: '成员账号',
    boundAt: '绑定时间',
    lastUsedAt: '最近使用',
    leftAt: '已离开企业',
    unbind: '解除绑定',
    bindAnother: '绑定其他平台',
    bind: ['绑定', ''],
    sessions: '已登录的浏览器',
    thisBrowser: '当前浏览器',
    otherBrowser: '浏览器',
    noSessions: '没有已登录的浏览器。',
    signedInAt: '登录时间',
    signOutEverywhere: '在所有地方退出登录',
    signOutEverywhereHint: '所有浏览器和应用都需要重新登录。',
    signOut: '退出登录',
    bound: '已绑定新的登录方式。',
    unbound: '已解除绑定。',
  },
  en: {
    title: 'Your account',
    profile: 'Profile',
    name: 'Name',
    phone: 'Mobile number',
    email: 'E-mail',
    verified: 'verified',
    unverified: 'not verified',
    notGiven: 'not given',
    identities: 'Ways to sign in',
    noIdentities: 'No platform identity is bound yet.',
    company: 'Company',
    userId: 'Member ID',
    boundAt: 'Bound',
    lastUsedAt: 'Last used',
    leftAt: 'Left the company',
    unbind: 'Unbind',
    bindAnother: 'Bind another platform',
    bind: ['Bind ', ''],
    sessions: 'Browsers you’re signed in with',
    thisBrowser: 'This browser',
    otherBrowser: 'Browser',
    noSessions: 'No browser is signed in.',
    signedInAt: 'Signed in',
    signOutEverywhere: 'Sign out everywhere',
    signOutEverywhereHint: 'Every browser and application will ask you to sign in again.',
    signOut: 'Sign out',
    bound: 'Another way to sign in is bound.',
    unbound: 'It has been unbound.',
  },
} satisfies Record<Language, AccountWords>;
