import type { PersonErrorCode } from '../../../common/app-error.js';
import { engineMessages } from './engine-messages.js';
import { formMessages } from './form-messages.js';
import type { Language } from './language.js';

/** What a person reads when something ended without a sign-in: a few words, then one calm sentence with the way out. */
export interface Message {
  readonly heading: string;
  readonly sentence: string;
}
export type Messages = Readonly<Record<Language, Message>>;

/** Words for every outcome that the service foresees: a new code without words does not compile. */
export const messages = {
  ...formMessages,
  user_cancelled: {
    'zh-CN': { heading: '已取消登录', sentence: '您取消了这次登录，需要时可以随时重新开始。' },
    en: {
      heading: 'Sign-in cancelled',
      sentence: 'You cancelled this sign-in. You can start again whenever you like.',
    },
  },
  account_not_found: {
    'zh-CN': {
      heading: '还没有您的账号',
      sentence: '这里还没有为您开通账号，请联系贵公司的管理员。',
    },
    en: {
      heading: 'No account yet',
      sentence: 'There is no account for you here yet. Please ask your administrator for one.',
    },
  },
  account_disabled: {
    'zh-CN': { heading: '账号已停用', sentence: '您的账号目前不能登录，请联系贵公司的管理员。' },
    en: {
      heading: 'Account disabled',
      sentence: 'Your account can’t sign in at the moment. Please ask your administrator.',
    },
  },
  tenant_not_allowed: {
    'zh-CN': {
      heading: '不在允许登录的企业内',
      sentence: '这个身份不属于可以登录的企业，请换用本企业的身份，或联系管理员。',
    },
    en: {
      heading: 'Not from an admitted company',
      sentence:
        'This identity isn’t from a company that may sign in here. Use your company’s own, or ask your administrator.',
    },
  },
  not_a_member: {
    'zh-CN': {
      heading: '不在可登录的范围内',
      sentence: '只有本企业的成员、且在应用可见范围内的人可以登录，请联系管理员。',
    },
    en: {
      heading: 'Not a member',
      sentence:
        'Only members of the company who can see this app may sign in. Please ask your administrator.',
    },
  },
  platform_code_rejected: {
    'zh-CN': {
      heading: '请再登录一次',
      sentence: '这次登录的凭证已过期或已使用过，再登录一次即可。',
    },
    en: {
      heading: 'Please sign in once more',
      sentence:
        'The proof of this sign-in has expired or was used already. Signing in again helps.',
    },
  },
  binding_conflict: {
    'zh-CN': {
      heading: '身份已绑定其他账号',
      sentence: '这个身份已经属于另一个账号，请联系管理员处理。',
    },
    en: {
      heading: 'Already linked elsewhere',
      sentence: 'This identity belongs to another account. Please ask your administrator.',
    },
  },
  platform_unavailable: {
    'zh-CN': { heading: '平台暂时没有回应', sentence: '登录平台暂时连接不上，请过一会儿再试。' },
    en: {
      heading: 'The platform isn’t answering',
      sentence: 'The sign-in platform can’t be reached right now. Please try again in a moment.',
    },
  },
  platform_rate_limited: {
    'zh-CN': { heading: '现在登录的人有点多', sentence: '登录平台正忙，请稍等片刻再试。' },
    en: {
      heading: 'A little busy right now',
      sentence: 'The sign-in platform is busy. Please try again in a moment.',
    },
  },
  platform_misconfigured: {
    'zh-CN': {
      heading: '这种登录方式暂不可用',
      sentence: '它的设置需要管理员检查，请把下面的信息发给管理员。',
    },
    en: {
      heading: 'This way in isn’t working',
      sentence:
        'Its settings need your administrator’s attention. Please pass on the details below.',
    },
  },
  state_invalid: {
    'zh-CN': {
      heading: '需要重新登录',
      sentence: '这次登录是在另一个浏览器里开始的，或者已经用过了。',
    },
    en: {
      heading: 'Please sign in again',
      sentence: 'This sign-in was begun in another browser, or has been used already.',
    },
  },
  callback_incomplete: {
    'zh-CN': { heading: '登录没有完成', sentence: '登录平台没有告诉我们结果，请重新登录。' },
    en: {
      heading: 'Sign-in didn’t finish',
      sentence: 'The platform didn’t tell us the outcome. Please sign in again.',
    },
  },
  sign_in_expired: {
    'zh-CN': { heading: '登录已超时', sentence: '这次登录等待得太久，已经失效，请重新开始。' },
    en: {
      heading: 'Sign-in timed out',
      sentence: 'This sign-in waited too long and has expired. Please start again.',
    },
  },
  initiate_login_uri_missing: {
    'zh-CN': {
      heading: '这个入口还没有配置好',
      sentence: '应用还没有设置它的登录地址，请联系管理员。',
    },
    en: {
      heading: 'This entry isn’t set up yet',
      sentence: 'The application has no sign-in address yet. Please ask your administrator.',
    },
  },
  connection_not_found: {
    'zh-CN': { heading: '没有这种登录方式', sentence: '它不存在或已停用，请回到应用重新登录。' },
    en: {
      heading: 'No such way to sign in',
      sentence:
        'It doesn’t exist or is switched off. Please go back to the application and sign in again.',
    },
  },
  client_not_found: {
    'zh-CN': {
      heading: '不认识这个应用',
      sentence: '这个应用没有在这里登记，请联系应用的管理员。',
    },
    en: {
      heading: 'Unknown application',
      sentence: 'This application isn’t registered here. Please ask its administrator.',
    },
  },
  not_found: {
    'zh-CN': { heading: '这里没有内容', sentence: '您打开的地址不存在，请从应用重新进入。' },
    en: {
      heading: 'Nothing here',
      sentence: 'This address doesn’t exist. Please come back in through your application.',
    },
  },
  request_invalid: {
    'zh-CN': { heading: '请求不完整', sentence: '应用发来的请求有误，请回到应用再试一次。' },
    en: {
      heading: 'Something is missing',
      sentence: 'The application’s request isn’t right. Please go back to it and try again.',
    },
  },
  token_invalid: {
    'zh-CN': { heading: '登录状态已失效', sentence: '您的登录已过期，请回到应用重新登录。' },
    en: {
      heading: 'You’re no longer signed in',
      sentence: 'Your sign-in has expired. Please go back to the application and sign in again.',
    },
  },
  scope_insufficient: {
    'zh-CN': { heading: '没有权限', sentence: '这项操作需要更多权限，请联系管理员。' },
    en: {
      heading: 'Not permitted',
      sentence: 'This needs more permissions than you have. Please ask your administrator.',
    },
  },
  internal_error: {
    'zh-CN': {
      heading: '我们这边出了点问题',
      sentence: '请稍后再试；如果一直这样，请把下面的信息发给管理员。',
    },
    en: {
      heading: 'Something went wrong on our side',
      sentence:
        'Please try again in a moment. If it stays, pass the details below to your administrator.',
    },
  },
} satisfies Record<PersonErrorCode, Messages>;

/**
 * The words for a code of ours or of the protocol engine.
 * @param status decides for a code without words of its own: a fault of ours from 500 on, of the request below
 */
export function messageFor(code: string, status: number, language: Language): Message {
  const known: Readonly<Record<string, Messages>> = { ...engineMessages, ...messages };
  const fallback = status >= 500 ? messages.internal_error : messages.request_invalid;
  return (Object.hasOwn(known, code) ? (known[code] ?? fallback) : fallback)[language];
}
