import { describe, expect, it } from '@jest/globals';

import type { AccountModel, Complaint } from './page-models.js';
import type { Page } from './page.js';
import { Pages } from './pages.js';

const pages = new Pages();
const evil = '<script>alert("x")</script>';
const identity = { platform: 'dingtalk', connectionName: evil, displayName: evil, tenant: evil };

const common = {
  language: 'en' as const,
  csrf: 'the-token',
  cancelAction: '/continue/x/cancel',
  leadsTo: ['https://portal.example.com/callback', 'com.example.app:/callback'],
};

function all(language: 'en' | 'zh-CN', complaint?: Complaint): [string, Page][] {
  const base = { ...common, language, ...(complaint && { complaint }) };
  const account: AccountModel = {
    ...base,
    account: { displayName: evil, phone: '+8613800000001', phoneVerified: true, email: evil },
    identities: [
      {
        ...identity,
        userId: evil,
        boundAt: new Date('2026-01-31T16:30:00Z'),
        lastUsedAt: new Date('2026-02-01T00:00:00Z'),
        unbindAction: '/account/identities/1/unbind',
      },
    ],
    bindable: [{ slug: 'x', displayName: evil, platform: 'local', action: '/account/bindings/x' }],
    sessions: [{ current: true, connectionName: evil, signedInAt: new Date() }],
    signOutEverywhereAction: '/account/sign-out-everywhere',
    signOutHref: '/logout',
  };
  return [
    [
      'phone',
      pages.phone({
        ...base,
        purpose: 'sign-up',
        connectionName: evil,
        action: '/a',
        phone: `"${evil}`,
        passwordHref: '/p',
        backHref: '/b',
      }),
    ],
    [
      'phoneCode',
      pages.phoneCode({
        ...base,
        maskedPhone: evil,
        action: '/a',
        resendAction: '/r',
        resendAfterSeconds: 60,
        changePhoneHref: '/c',
      }),
    ],
    [
      'password',
      pages.password({ ...base, connectionName: evil, action: '/a', phone: `"${evil}` }),
    ],
    ['newPassword', pages.newPassword({ ...base, action: '/a', minLength: 10 })],
    [
      'choice',
      pages.choice({
        ...base,
        identity,
        action: '/a',
        haveAccountHref: '/h',
        mayAskAdministrator: true,
        asked: false,
        provenPhone: evil,
      }),
    ],
    [
      'otherWays',
      pages.otherWays({
        ...base,
        identity,
        phoneHref: '/p',
        connections: [{ slug: 'x', displayName: evil, platform: 'wecom', href: '/w' }],
        backHref: '/b',
      }),
    ],
    [
      'confirmBinding',
      pages.confirmBinding({
        ...base,
        identity,
        account: { displayName: evil, maskedPhone: evil },
        action: '/a',
      }),
    ],
    ['deadEnd', pages.deadEnd({ ...base, code: 'binding_conflict', requestId: evil })],
    ['requestSent', pages.requestSent(base)],
    ['account', pages.account(account)],
  ];
}

describe.each(['en', 'zh-CN'] as const)('the pages that ask, in %s', (language) => {
  it.each(all(language))('%s: nothing of a person becomes markup', (_name, page) => {
    expect(page.html).not.toContain('<script');
    expect(page.html).toContain(`lang="${language}"`);
    expect(page.headers['Content-Security-Policy']).not.toContain('unsafe');
  });

  it.each(all(language))(
    '%s: every form carries the token, and there is a way out',
    (name, page) => {
      const forms = page.html.match(/<form[\s\S]*?<\/form>/g) ?? [];
      expect(forms.length).toBeGreaterThan(0);
      for (const form of forms) {
        expect(form).toContain('method="post"');
        expect(form).toContain('name="csrf" value="the-token"');
      }
      if (name !== 'account') expect(page.html).toContain('action="/continue/x/cancel"');
    },
  );

  it.each(all(language))(
    '%s: leads only to ourselves and on from the application',
    (name, page) => {
      const policy = page.headers['Content-Security-Policy'] ?? '';
      const allowed =
        name === 'account' ? "form-action 'self';" : "form-action 'self' https: com.example.app:;";
      expect(policy).toContain(allowed);
    },
  );
});

describe('a complaint', () => {
  const phone = (complaint: Complaint, language: 'en' | 'zh-CN' = 'en'): Page =>
    pages.phone({
      ...common,
      language,
      complaint,
      purpose: 'sign-in',
      connectionName: 'x',
      action: '/a',
    });

  it('says how many tries are left', () => {
    expect(phone({ code: 'phone_code_wrong', triesLeft: 2 }).html).toContain('2 tries left.');
    expect(phone({ code: 'phone_code_wrong', triesLeft: 1 }).html).toContain('1 try left.');
    const last = phone({ code: 'phone_code_wrong', triesLeft: 0 }).html;
    expect(last).toContain('No tries left: please get a new code.');
    expect(last).not.toContain('check it again');
    expect(phone({ code: 'phone_code_wrong', triesLeft: 2 }, 'zh-CN').html).toContain(
      '验证码不正确，请再核对一次。还可以再试 2 次。',
    );
  });

  it('says how long to wait, to people and to programs', () => {
    const soon = phone({ code: 'too_many_requests', waitSeconds: 48 });
    expect(soon.status).toBe(429);
    expect(soon.headers['Retry-After']).toBe('48');
    expect(soon.html).toContain('Please try again in 48 seconds.');
    expect(phone({ code: 'too_many_requests', waitSeconds: 900 }, 'zh-CN').html).toContain(
      '操作太频繁，请在 15 分钟后再试。',
    );
  });

  it('has the status of its kind, and is read aloud', () => {
    const wrong = phone({ code: 'phone_invalid' });
    expect(wrong.status).toBe(422);
    expect(wrong.html).toContain('<p class="complaint" id="complaint" role="alert">');
    expect(phone({ code: 'sms_unavailable' }).status).toBe(503);
    expect(phone({ code: 'platform_rate_limited' }).status).toBe(503);
  });

  it('marks the field only when what was typed is wrong', () => {
    const input = (page: Page): string => /<input class="input"[^>]*>/.exec(page.html)?.[0] ?? '';
    expect(input(phone({ code: 'phone_invalid' }))).toContain('aria-invalid="true"');
    const down = input(phone({ code: 'sms_unavailable' }));
    expect(down).toContain('aria-describedby="complaint phone-format"');
    expect(down).not.toContain('aria-invalid');
  });
});

it.each([
  ['binding_conflict', 409],
  ['identity_already_bound', 409],
  ['phone_taken', 409],
  ['account_disabled', 403],
  ['account_not_found', 403],
] as const)('the dead end %s is a %d, and shows what support asks for', (code, status) => {
  const page = pages.deadEnd({ ...common, code, requestId: 'req-7' });
  expect(page.status).toBe(status);
  expect(page.html).toContain(`<code>${code}</code>`);
  expect(page.html).toContain('<code>req-7</code>');
  expect(page.html).toMatch(/<button class="button button-primary"[^>]*>Back to the application</);
});

it('the button for another code says how long to wait, and looks like it', () => {
  const asked = (resendAfterSeconds: number): string =>
    pages.phoneCode({
      ...common,
      maskedPhone: '138****0001',
      action: '/a',
      resendAction: '/r',
      resendAfterSeconds,
      changePhoneHref: '/c',
    }).html;
  expect(asked(37)).toContain('after 37 seconds.');
  expect(asked(37)).toContain('plain-button-waiting');
  expect(asked(0)).not.toMatch(/seconds|plain-button-waiting/);
});

it('an account of which nothing is known says so in words', () => {
  const { html } = pages.account({
    ...common,
    account: { phoneVerified: false },
    identities: [],
    bindable: [],
    sessions: [],
    signOutEverywhereAction: '/e',
    signOutHref: '/logout',
  });
  expect(html.split('not given')).toHaveLength(4);
  expect(html).toContain('No platform identity is bound yet.');
  expect(html).toContain('No browser is signed in.');
  expect(html).not.toMatch(/<ul|undefined|null/);
});

it('dates are those of China, in the page’s language', () => {
  const [, zh] = all('zh-CN').at(-1) ?? [];
  const [, en] = all('en').at(-1) ?? [];
  expect(zh?.html).toContain('2026年2月1日 00:30');
  expect(en?.html).toMatch(/Feb 1, 2026, 12:30\sAM/);
});
