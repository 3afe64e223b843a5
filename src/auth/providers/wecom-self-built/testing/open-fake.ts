import { SystemClock } from '../../../../common/clock.js';
import { Secret } from '../../../../common/secret.js';
import type { AuthorizationRequest, Provider } from '../../provider.js';
import { FakeWecom, MemoryTokens, ok } from '../../wecom/testing/fake-wecom.js';
import { openWecomSelfBuilt } from '../wecom-self-built.provider.js';
import { WecomSelfBuiltSettings } from '../wecom-self-built.settings.js';
import { MemoryInstallations, MemorySuiteTickets } from '../../testing/memory-installations.js';

/** Samples of reference wecom-self-built 3, 6 to 8 and 14. */
export const samples = {
  token: { errcode: 0, errmsg: 'ok', access_token: 'Zk3vQ9sNxW0aTq', expires_in: 7200 },
  member: { errcode: 0, errmsg: 'ok', userid: 'lin.qiao', user_ticket: 'Tq8mB2hV0' },
  visitor: {
    errcode: 0,
    errmsg: 'ok',
    openid: 'oExample7Kd92mPqRsTuV0wXyZ1',
    external_userid: 'wmExampleAAAA3kLmNoPqRsTuVwXyZ',
  },
  detail: {
    errcode: 0,
    errmsg: 'ok',
    userid: 'lin.qiao',
    gender: '2',
    avatar: 'https://wework.example.com/avatar/7d1f/0',
    qr_code: 'https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vcexample01',
    mobile: '13900000017',
    email: 'lin.qiao@mail.example',
    biz_mail: 'lin.qiao@corp.example',
    address: '6F, 12 Sample Road',
  },
  entry: {
    errcode: 0,
    errmsg: 'ok',
    userid: 'lin.qiao',
    name: 'Lin Qiao',
    department: [2, 9],
    order: [0, 10],
    position: 'Analyst',
    is_leader_in_dept: [0, 1],
    direct_leader: ['wang.m'],
    telephone: '',
    alias: 'linq',
    main_department: 2,
    status: 1,
    extattr: { attrs: [{ type: 0, name: 'Badge', text: { value: 'B-204' } }] },
    external_position: '',
    external_profile: { external_corp_name: 'Example', external_attr: [] },
  },
  session: {
    errcode: 0,
    errmsg: 'ok',
    corpid: 'ww1a2b3c4d5e6f7a8b',
    userid: 'lin.qiao',
    session_key: 'q0ExampleSessionKey0w==',
  },
  ticket: { errcode: 0, errmsg: 'ok', ticket: 'kgT4ExampleTicket', expires_in: 7200 },
};

export const request: AuthorizationRequest = {
  state: 'p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K',
  callbackUrl: new URL('https://portal.example.com/callback/wecom-hq'),
  language: 'zh',
};

export function settingsOf(changes: Partial<WecomSelfBuiltSettings> = {}): WecomSelfBuiltSettings {
  return Object.assign(new WecomSelfBuiltSettings(), {
    corpId: 'ww1a2b3c4d5e6f7a8b',
    agentId: '1000017',
    secret: new Secret('exampleCorpSecret01'),
    ...changes,
  });
}

/** A provider on a WeCom that answers as the samples do, until the test says otherwise. */
export function openFake(
  changes: Partial<WecomSelfBuiltSettings> = {},
  tokens = new MemoryTokens(),
): {
  provider: Provider;
  wecom: FakeWecom;
  tokens: MemoryTokens;
  warnings: { message: string; details: unknown }[];
} {
  const wecom = new FakeWecom()
    .answer('gettoken', ok(samples.token))
    .answer('auth/getuserinfo', ok(samples.member))
    .answer('auth/getuserdetail', ok(samples.detail))
    .answer('user/get', ok(samples.entry))
    .answer('miniprogram/jscode2session', ok(samples.session))
    .answer('get_jsapi_ticket', ok(samples.ticket))
    .answer('ticket/get', ok({ ...samples.ticket, ticket: 'agentTicketEXAMPLE0001' }));
  const warnings: { message: string; details: unknown }[] = [];
  const provider = openWecomSelfBuilt.open(settingsOf(changes), {
    http: wecom,
    tokens,
    clock: new SystemClock(),
    installations: new MemoryInstallations(),
    suiteTickets: new MemorySuiteTickets(),
    warn: (message, details) => warnings.push({ message, details }),
  });
  return { provider, wecom, tokens, warnings };
}
