import type { Messages } from './messages.js';

/** Words for what a person meets on the pages that ask for something: numbers, codes, passwords, binding. */
export const formMessages = {
  sign_up_required: {
    'zh-CN': {
      heading: '需要完成首次登录',
      sentence: '首次登录需要多确认一步，请在浏览器中登录一次。',
    },
    en: {
      heading: 'Your first sign-in isn’t finished',
      sentence: 'The first time, we need a little more from you. Please sign in once in a browser.',
    },
  },
  binding_link_invalid: {
    'zh-CN': {
      heading: '绑定链接已失效',
      sentence: '绑定链接只能使用一次，十分钟内有效。请回到账号页面重新开始。',
    },
    en: {
      heading: 'This link no longer works',
      sentence:
        'A link like this works once, for ten minutes. Please start again from your account.',
    },
  },
  other_person_signed_in: {
    'zh-CN': {
      heading: '当前登录的是另一个账号',
      sentence: '这个绑定链接属于另一个账号，请用那个账号登录后再继续。',
    },
    en: {
      heading: 'Someone else is signed in here',
      sentence: 'This link belongs to another account. Sign in with that account to go on.',
    },
  },
  phone_invalid: {
    'zh-CN': { heading: '手机号不正确', sentence: '请填写能接收短信的手机号。' },
    en: {
      heading: 'That number doesn’t work',
      sentence: 'Please enter a mobile number that can receive text messages.',
    },
  },
  phone_code_wrong: {
    'zh-CN': { heading: '验证码不正确', sentence: '验证码不正确，请再核对一次。' },
    en: { heading: 'Wrong code', sentence: 'That isn’t the code we sent. Please check it again.' },
  },
  phone_code_expired: {
    'zh-CN': { heading: '验证码已失效', sentence: '这个验证码已失效，请重新获取。' },
    en: { heading: 'Code expired', sentence: 'This code no longer works. Please get a new one.' },
  },
  too_many_requests: {
    'zh-CN': { heading: '操作太频繁', sentence: '操作太频繁，请稍等片刻再试。' },
    en: { heading: 'Too many tries', sentence: 'That was too often. Please wait a moment.' },
  },
  sms_unavailable: {
    'zh-CN': { heading: '短信暂时无法发送', sentence: '短信暂时发不出去，请稍后再试。' },
    en: {
      heading: 'We couldn’t send a code',
      sentence: 'Text messages can’t be sent right now. Please try again in a moment.',
    },
  },
  password_wrong: {
    'zh-CN': { heading: '手机号或密码不正确', sentence: '手机号或密码不正确，请再试一次。' },
    en: {
      heading: 'Number or password wrong',
      sentence: 'The number or the password isn’t right. Please try again.',
    },
  },
  password_unsuitable: {
    'zh-CN': {
      heading: '请换一个密码',
      sentence: '新密码需要 10 到 128 个字符，不易被猜到，与旧密码不同，且两次输入一致。',
    },
    en: {
      heading: 'Choose another password',
      sentence:
        'A new password has 10 to 128 characters, is hard to guess and not the old one, and is the same in both fields.',
    },
  },
  identity_already_bound: {
    'zh-CN': {
      heading: '身份已属于另一个账号',
      sentence: '这个身份已绑定在另一个账号上，如有疑问请联系管理员。',
    },
    en: {
      heading: 'It belongs to another account',
      sentence:
        'This identity is bound to another account. If that’s wrong, ask your administrator.',
    },
  },
  identity_not_found: {
    'zh-CN': {
      heading: '没有找到这个身份',
      sentence: '这个身份已不在您的账号上，请刷新账号页面。',
    },
    en: {
      heading: 'It isn’t there any more',
      sentence: 'This identity is no longer on your account. Please open your account again.',
    },
  },
  last_sign_in_method: {
    'zh-CN': {
      heading: '这是您唯一的登录方式',
      sentence: '解除后您将无法登录，请先绑定另一种登录方式。',
    },
    en: {
      heading: 'Your only way to sign in',
      sentence: 'Without it you couldn’t sign in any more. Bind another way first.',
    },
  },
  fresh_sign_in_required: {
    'zh-CN': { heading: '请重新登录确认', sentence: '为了账号安全，请重新登录后再操作一次。' },
    en: {
      heading: 'Please sign in again',
      sentence: 'To keep your account safe, sign in again and then repeat this.',
    },
  },
} as const satisfies Readonly<Record<string, Messages>>;
