import type { Language } from './language.js';
import type { Around } from './words.js';

/** What the pages with forms say besides the messages. */
export interface FormWords {
  readonly cancel: string;
  readonly back: string;
  readonly phoneTitle: Readonly<Record<'sign-up' | 'sign-in' | 'have-account', string>>;
  readonly phoneHint: Readonly<Record<'sign-up' | 'sign-in' | 'have-account', string>>;
  readonly phone: string;
  readonly phoneFormat: string;
  readonly sendCode: string;
  readonly usePassword: string;
  readonly useCode: string;
  readonly codeTitle: string;
  readonly codeSentTo: Around;
  readonly phoneCode: string;
  readonly goOn: string;
  readonly sendAgain: string;
  readonly sendAgainAfter: Around;
  readonly changePhone: string;
  /** Follows a sentence: in English, a space comes first. */
  readonly triesLeft: (count: number) => string;
  readonly noTriesLeft: string;
  readonly waitFor: (seconds: number) => string;
  readonly passwordTitle: string;
  readonly password: string;
  readonly newPasswordTitle: string;
  readonly newPasswordHint: string;
  readonly newPassword: string;
  readonly repeatPassword: string;
  readonly atLeast: (length: number) => string;
  readonly save: string;
  readonly choiceTitle: string;
  readonly choiceHint: Around;
  readonly haveAccount: string;
  readonly createAccount: string;
  readonly createWithPhone: Around;
  readonly askAdministrator: string;
  readonly askedAlready: string;
  readonly otherWaysTitle: string;
  readonly otherWaysHint: string;
  readonly byPhone: string;
  readonly confirmTitle: string;
  readonly confirmHint: string;
  readonly confirm: string;
  readonly identity: string;
  readonly account: string;
  readonly notYou: string;
  readonly doNotBind: string;
  readonly conflictTitle: string;
  readonly conflictHint: string;
  readonly anotherNumber: string;
  readonly requestSentTitle: string;
  readonly requestSentHint: string;
  readonly backToApplication: string;
}

export const formWords = {
  'zh-CN': {
    cancel: '取消登录',
    back: '返回',
    phoneTitle: {
      'sign-up': '验证手机号',
      'sign-in': '手机号登录',
      'have-account': '用手机号找回账号',
    },
    phoneHint: {
      'sign-up': '首次登录需要验证一次手机号，之后不再需要。',
      'sign-in': '我们会给这个手机号发送验证码。',
      'have-account': '请填写您已有账号的手机号，我们会发送验证码。',
    },
    phone: '手机号',
    phoneFormat: '中国大陆号码可省略 +86',
    sendCode: '获取验证码',
    usePassword: '使用密码登录',
    useCode: '使用验证码登录',
    codeTitle: '输入验证码',
    codeSentTo: ['六位验证码已发送至 ', '，五分钟内有效。'],
    phoneCode: '验证码',
    goOn: '继续',
    sendAgain: '重新发送',
    sendAgainAfter: ['没有收到？', ' 秒后可重新发送。'],
    changePhone: '换一个手机号',
    triesLeft: (count) => `还可以再试 ${count} 次。`,
    noTriesLeft: '验证码不正确，次数已用完，请重新获取。',
    waitFor: (seconds) =>
      `操作太频繁，请在 ${seconds < 120 ? `${seconds} 秒` : `${Math.ceil(seconds / 60)} 分钟`}后再试。`,
    passwordTitle: '密码登录',
    password: '密码',
    newPasswordTitle: '设置新密码',
    newPasswordHint: '管理员为您设置了初始密码，首次登录请换成自己的密码。',
    newPassword: '新密码',
    repeatPassword: '再次输入新密码',
    atLeast: (length) => `至少 ${length} 个字符`,
    save: '保存并登录',
    choiceTitle: '第一次在这里登录？',
    choiceHint: ['您刚刚通过', '确认了身份，但这里还没有与它关联的账号。'],
    haveAccount: '我已有账号',
    createAccount: '新建账号',
    createWithPhone: ['没有账号使用 ', '，新建的账号将使用这个手机号。'],
    askAdministrator: '请管理员开通',
    askedAlready: '已向管理员提出申请，请等待处理。',
    otherWaysTitle: '找到您的账号',
    otherWaysHint: '请用您已有账号的登录方式确认一次，之后两种方式都能登录。',
    byPhone: '使用手机验证码',
    confirmTitle: '确认绑定',
    confirmHint: '绑定后，用下面的身份登录就会进入这个账号。',
    confirm: '确认绑定',
    identity: '身份',
    account: '账号',
    notYou: '不是您本人？请不要绑定。',
    doNotBind: '不绑定',
    conflictTitle: '这个账号属于同企业的另一个人',
    conflictHint: '它已绑定同一企业的另一个身份。请换一个手机号，或联系管理员处理。',
    anotherNumber: '换一个手机号',
    requestSentTitle: '已通知管理员',
    requestSentHint: '管理员同意后，再登录一次就可以使用了。',
    backToApplication: '回到应用',
  },
  en: {
    cancel: 'Cancel sign-in',
    back: 'Back',
    phoneTitle: {
      'sign-up': 'Verify your mobile number',
      'sign-in': 'Sign in with your phone',
      'have-account': 'Find your account by phone',
    },
    phoneHint: {
      'sign-up': 'The first time you sign in, we verify your number once.',
      'sign-in': 'We’ll text a code to this number.',
      'have-account': 'Enter the number of the account you have. We’ll text it a code.',
    },
    phone: 'Mobile number',
    phoneFormat: 'Numbers in mainland China need no +86',
    sendCode: 'Text me a code',
    usePassword: 'Use a password instead',
    useCode: 'Use a code instead',
    codeTitle: 'Enter the code',
    codeSentTo: ['We sent six digits to ', '. They’re good for five minutes.'],
    phoneCode: 'Code',
    goOn: 'Continue',
    sendAgain: 'Send another code',
    sendAgainAfter: ['Nothing arrived? You can ask for another code after ', ' seconds.'],
    changePhone: 'Use another number',
    triesLeft: (count) => ` ${count} ${count === 1 ? 'try' : 'tries'} left.`,
    noTriesLeft: 'That isn’t the code we sent. No tries left: please get a new code.',
    waitFor: (seconds) => `That was too often. Please try again in ${duration(seconds)}.`,
    passwordTitle: 'Sign in with a password',
    password: 'Password',
    newPasswordTitle: 'Choose your password',
    newPasswordHint: 'Your administrator set a first password for you. Please choose your own now.',
    newPassword: 'New password',
    repeatPassword: 'New password, once more',
    atLeast: (length) => `At least ${length} characters`,
    save: 'Save and sign in',
    choiceTitle: 'First time here?',
    choiceHint: ['You’ve just confirmed who you are with ', ', but no account here knows it yet.'],
    haveAccount: 'I already have an account',
    createAccount: 'Create an account',
    createWithPhone: ['No account has ', '. A new account will get this number.'],
    askAdministrator: 'Ask an administrator',
    askedAlready: 'An administrator has been asked. Please wait for the answer.',
    otherWaysTitle: 'Find your account',
    otherWaysHint:
      'Sign in once the way you already know. From then on, both ways lead to your account.',
    byPhone: 'With a code by text message',
    confirmTitle: 'Bind these two?',
    confirmHint: 'From then on, signing in with this identity leads to this account.',
    confirm: 'Yes, bind them',
    identity: 'Identity',
    account: 'Account',
    notYou: 'Not you? Then don’t bind them.',
    doNotBind: 'Don’t bind',
    conflictTitle: 'That account is someone else’s',
    conflictHint:
      'It’s bound to another person of the same company. Use another number, or ask your administrator.',
    anotherNumber: 'Use another number',
    requestSentTitle: 'An administrator has been asked',
    requestSentHint: 'Once they agree, sign in again and you’re in.',
    backToApplication: 'Back to the application',
  },
} satisfies Record<Language, FormWords>;

function duration(seconds: number): string {
  if (seconds >= 120) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
