import type { CorpMember, CustomerCorp, ProviderSuite, WecomProviderWorld } from './world.js';

/**
 * A provider with one app of each kind, and two customers that may install them: the first is shown with
 * encrypted ids, the second, of long standing, with plain ones. `lin.qiao` is somebody else in each. The keys of
 * the callbacks end in non-zero spare bits, as real ones do (reference 8.1).
 */
export function seedWecomProviderWorld(): WecomProviderWorld {
  return {
    provider: {
      corpId: 'ww3c5d7e9f1a2b4c60',
      secret: 'exampleProviderSecret-Tq8vXn2Lm5Rb7Wd',
      name: '示例服务商',
      trustedIps: ['127.0.0.*', '::1'],
      suites: [
        suite({
          kind: 'third-party',
          suiteId: 'ww6b8d0f2a4c6e8a13',
          secret: 'exampleSuiteSecret-Yz4pLs9Kd1Vn6Hc',
          name: '示例应用',
          callback: {
            token: 'exampleToken3rd',
            aesKey: 'SandboxOnlyThirdPartySuite0123456789abcdefB',
          },
        }),
        suite({
          kind: 'delegated',
          suiteId: 'dk2f4a6c8e0b1d3f59',
          secret: 'exampleTemplateSecret-Gm7wRt3Xb8Qk2Jf',
          name: '示例代开发',
          callback: {
            token: 'exampleTokenDk',
            aesKey: 'SandboxOnlyDelegatedTemplate0123456789abcdB',
          },
        }),
        suite({
          kind: 'login',
          suiteId: 'ww4e6f8a0b2c4d6e57',
          secret: 'exampleLoginSuiteSecret-Ce5yUj1Zn9Pa4Ds',
          name: '示例登录授权',
          callback: {
            token: 'exampleTokenLogin',
            aesKey: 'SandboxOnlyLoginSuite0123456789abcdefghijkB',
          },
        }),
      ],
    },
    corps: [
      corp({
        corpId: 'ww7a9b1c3d5e7f9021',
        name: '青松贸易',
        idMode: 'encrypted',
        members: [
          member('lin.qiao', '林乔', { gender: '2', mobile: '13900000031' }),
          member('chen.mo', '陈墨', { gender: '1', mobile: '13900000032' }),
          member('gao.yuan', '高原', { mobile: '13900000033' }),
          member('li.si', '李四', { mobile: '13900000034', status: 2 }),
        ],
        visitors: [
          { id: 'visitor-customer', name: '访客（客户）', isCustomer: true },
          { id: 'visitor', name: '访客', isCustomer: false },
        ],
        admins: [
          { userid: 'lin.qiao', usertype: 1, authType: 1 },
          { userid: 'chen.mo', usertype: 4, authType: 0 },
        ],
      }),
      corp({
        corpId: 'ww0d2e4f6a8b0c1e35',
        name: '红杉教育',
        idMode: 'plain',
        members: [
          member('Lin.Qiao', '林桥', { gender: '1', mobile: '13900000041' }),
          member('zhou.ke', '周可', { gender: '2', mobile: '13900000042' }),
        ],
        visitors: [{ id: 'visitor', name: '访客', isCustomer: false }],
        admins: [{ userid: 'zhou.ke', usertype: 2, authType: 1 }],
      }),
    ],
    installations: [],
  };
}

function suite(fields: Omit<ProviderSuite, 'published'>): ProviderSuite {
  return { published: true, ...fields };
}

/** A customer with one department and an app of its own. */
export function corp(fields: Omit<CustomerCorp, 'departments' | 'ownApp'>): CustomerCorp {
  return {
    departments: [
      { id: 1, name: fields.name, parentid: 0 },
      { id: 2, name: '业务', parentid: 1 },
    ],
    ownApp: { agentId: 1000002, secret: `exampleOwnAppSecret-${fields.corpId}` },
    ...fields,
  };
}

/** A member of whom little is known. */
export function member(
  userid: string,
  name: string,
  more: Partial<Omit<CorpMember, 'userid'>> = {},
): CorpMember {
  return {
    userid,
    name,
    department: [2],
    status: 1,
    mobile: '',
    email: '',
    bizMail: '',
    gender: '0',
    avatar: `https://wework.example.com/avatar/${userid.toLowerCase()}/0`,
    address: '',
    position: '',
    ...more,
  };
}
