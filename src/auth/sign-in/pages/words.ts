import type { Language } from './language.js';

/** Words on both sides of a name, as the order differs between languages and the name is marked up on its own. */
export type Around = readonly [before: string, after: string];

/** Everything that the pages say besides the error messages. */
export interface Words {
  /** The service's own name. */
  readonly service: string;
  readonly footer: string;
  readonly signIn: string;
  readonly signInTo: string;
  readonly chooseWay: string;
  readonly chooseTenant: string;
  readonly noWays: string;
  readonly continueWith: Around;
  readonly trust: string;
  readonly code: string;
  readonly requestId: string;
  readonly detail: string;
  readonly forSupport: string;
  readonly startAgain: string;
  readonly startAgainInApplication: string;
  readonly signingIn: string;
  readonly signingInWait: string;
  readonly signingInFailed: string;
  readonly signingInFailedHint: string;
  readonly signInAnotherWay: string;
  readonly needsScript: string;
  readonly movingOn: string;
  readonly movingOnWait: string;
  readonly moveOnNow: string;
  readonly signedOut: string;
  readonly signedOutHint: string;
  readonly confirmSignOut: string;
  readonly confirmSignOutHint: string;
  readonly confirmSignOutFrom: Around;
  readonly signOut: string;
  readonly staySignedIn: string;
}

export const words = {
  'zh-CN': {
    service: '令牌',
    footer: '由令牌守护的企业登录',
    signIn: '登录',
    signInTo: '登录到',
    chooseWay: '请选择登录方式',
    chooseTenant: '请选择您的企业',
    noWays: '这个应用目前没有可用的登录方式，请联系管理员。',
    continueWith: ['使用', '登录'],
    trust: '在平台上确认身份，这里不会看到您的密码。',
    code: '错误代码',
    requestId: '请求编号',
    detail: '说明',
    forSupport: '给管理员的信息',
    startAgain: '重新登录',
    startAgainInApplication: '请回到您要使用的应用，再登录一次。',
    signingIn: '正在为您登录…',
    signingInWait: '马上就好，请不要关闭此页面。',
    signingInFailed: '没能自动登录',
    signingInFailedHint: '换一种方式就可以继续。',
    signInAnotherWay: '换一种方式登录',
    needsScript: '自动登录需要 JavaScript，您也可以换一种方式继续。',
    movingOn: '正在前往登录平台…',
    movingOnWait: '如果没有自动跳转，请点击下面的按钮。',
    moveOnNow: '继续',
    signedOut: '您已退出登录',
    signedOutHint: '现在可以放心关闭此页面了。',
    confirmSignOut: '要退出登录吗？',
    confirmSignOutHint: '退出后，使用此登录的应用都需要重新登录。',
    confirmSignOutFrom: ['您来自', '。退出后，使用此登录的应用都需要重新登录。'],
    signOut: '退出登录',
    staySignedIn: '保持登录',
  },
  en: {
    service: 'Lingpai',
    footer: 'Company sign-in, kept safe by Lingpai',
    signIn: 'Sign in',
    signInTo: 'Sign in to',
    chooseWay: 'Choose how to sign in',
    chooseTenant: 'Choose your company',
    noWays: 'This application has no way to sign in at the moment. Please ask your administrator.',
    continueWith: ['Continue with ', ''],
    trust: 'You confirm on the platform itself. Your password is never seen here.',
    code: 'Error code',
    requestId: 'Request ID',
    detail: 'Detail',
    forSupport: 'For your administrator',
    startAgain: 'Sign in again',
    startAgainInApplication: 'Please go back to your application and sign in once more.',
    signingIn: 'Signing you in…',
    signingInWait: 'Just a moment, please keep this page open.',
    signingInFailed: 'We couldn’t sign you in automatically',
    signingInFailedHint: 'You can continue another way.',
    signInAnotherWay: 'Sign in another way',
    needsScript: 'Automatic sign-in needs JavaScript. You can continue another way.',
    movingOn: 'Taking you to the platform…',
    movingOnWait: 'If nothing happens, use the button below.',
    moveOnNow: 'Continue',
    signedOut: 'You’re signed out',
    signedOutHint: 'You can safely close this page now.',
    confirmSignOut: 'Sign out?',
    confirmSignOutHint: 'Applications that use this sign-in will ask you to sign in again.',
    confirmSignOutFrom: [
      'You came from ',
      '. Applications that use this sign-in will ask you to sign in again.',
    ],
    signOut: 'Sign out',
    staySignedIn: 'Stay signed in',
  },
} satisfies Record<Language, Words>;
