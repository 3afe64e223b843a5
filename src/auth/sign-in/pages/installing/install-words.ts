import type { Language } from '../language.js';
import type { Messages } from '../messages.js';
import type { Around } from '../words.js';

/** What the pages say on which a corp installs an app. */
interface InstallWords {
  readonly install: string;
  readonly installHint: string;
  readonly onward: string;
  readonly trust: string;
  readonly soon: string;
  readonly installed: string;
  readonly installedIn: Around;
  readonly close: string;
}

export const installWords = {
  'zh-CN': {
    install: '安装应用',
    installHint: '接下来会打开企业微信，由贵公司的管理员确认授权。',
    onward: '前往企业微信安装',
    trust: '授权在企业微信上完成，这里不会看到您的密码。',
    soon: '如果超过二十分钟才继续，请先刷新此页面。',
    installed: '安装完成',
    installedIn: ['应用已安装到', '。'],
    close: '现在可以放心关闭此页面了。',
  },
  en: {
    install: 'Install for your company',
    installHint: 'WeCom opens next. An administrator of your company approves the app there.',
    onward: 'Continue to WeCom',
    trust: 'You approve on WeCom itself. Your password is never seen here.',
    soon: 'If more than twenty minutes pass before you continue, reload this page first.',
    installed: 'Installed',
    installedIn: ['The app is now installed for ', '.'],
    close: 'You can safely close this page now.',
  },
} satisfies Record<Language, InstallWords>;

/** Words for what keeps a corp from installing; other codes have the words of a sign-in. */
export const installMessages: Readonly<Record<string, Messages>> = {
  install_link_invalid: {
    'zh-CN': {
      heading: '安装链接已失效',
      sentence: '安装链接七天内有效。请向发来链接的人要一个新的。',
    },
    en: {
      heading: 'This install link no longer works',
      sentence:
        'A link like this is good for seven days. Please ask whoever sent it for a new one.',
    },
  },
  user_cancelled: {
    'zh-CN': {
      heading: '已取消安装',
      sentence: '您取消了这次安装，需要时可以重新打开安装链接。',
    },
    en: {
      heading: 'Installation cancelled',
      sentence: 'You cancelled this installation. You can open the install link again at any time.',
    },
  },
  state_invalid: {
    'zh-CN': {
      heading: '请重新打开安装链接',
      sentence: '这次安装是在另一个浏览器里开始的，或者已经用过了，或者等待得太久。',
    },
    en: {
      heading: 'Please open the install link again',
      sentence:
        'This installation was begun in another browser, has been used already, or waited too long.',
    },
  },
  platform_code_rejected: {
    'zh-CN': {
      heading: '请再安装一次',
      sentence: '这次授权的凭证已过期或已使用过，请重新打开安装链接。',
    },
    en: {
      heading: 'Please install once more',
      sentence:
        'The proof of this approval has expired or was used already. Please open the install link again.',
    },
  },
  platform_unavailable: {
    'zh-CN': { heading: '企业微信暂时没有回应', sentence: '请过一会儿重新打开安装链接。' },
    en: {
      heading: 'WeCom isn’t answering',
      sentence: 'Please open the install link again in a moment.',
    },
  },
  platform_rate_limited: {
    'zh-CN': { heading: '企业微信现在有点忙', sentence: '请稍等片刻，再重新打开安装链接。' },
    en: {
      heading: 'A little busy right now',
      sentence: 'WeCom is busy. Please open the install link again in a moment.',
    },
  },
  platform_misconfigured: {
    'zh-CN': {
      heading: '这个应用暂时不能安装',
      sentence: '它的设置需要服务商检查，请把下面的信息发给服务商。',
    },
    en: {
      heading: 'This app can’t be installed yet',
      sentence: 'Its settings need its vendor’s attention. Please pass on the details below.',
    },
  },
  too_many_requests: {
    'zh-CN': {
      heading: '安装链接打开得太频繁',
      sentence: '请稍等片刻，再重新打开安装链接。',
    },
    en: {
      heading: 'Opened too often',
      sentence: 'Please wait a moment before you open the install link again.',
    },
  },
};
