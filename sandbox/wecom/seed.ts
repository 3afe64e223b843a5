import { sensitiveFields, type WecomApp, type WecomMember, type WecomWorld } from './world.js';

/**
 * Two companies in which `lin.qiao` is two different people. In the first: Wang Min is a colleague, Zhang San is
 * outside the first app's visible range, Li Si is disabled; a WeChat visitor who is a customer, one who is not, and
 * a member of a linked company. App 1000017 was created after 2022-06-20, app 1000002 before.
 */
export function seedWecomWorld(): WecomWorld {
  return {
    corps: [
      {
        corpId: 'ww1a2b3c4d5e6f7a8b',
        name: '云杉制造',
        departments: [
          { id: 1, name: '云杉制造', parentid: 0 },
          { id: 2, name: '研发', parentid: 1 },
          { id: 9, name: '数据', parentid: 2 },
        ],
        apps: [
          app({
            agentId: 1000017,
            secret: 'exampleWecomSecret-1000017-Qm4tXw7Zk2Lp9Rv',
            name: '云杉门户',
            visible: ['Lin.Qiao', 'wang.m', 'li.si', 'zhao.liu'],
          }),
          app({
            agentId: 1000002,
            secret: 'exampleWecomSecret-1000002-Hd8sNb3Vc6Jy1Ft',
            name: '云杉老应用',
            createdAfter20220620: false,
          }),
        ],
        members: [
          member('Lin.Qiao', '林乔', {
            department: [2, 9],
            mobile: '13900000017',
            email: 'lin.qiao@mail.example',
            bizMail: 'lin.qiao@corp.example',
            gender: '2',
            position: 'Analyst',
            address: '6F, 12 Sample Road',
          }),
          member('wang.m', '王敏', { mobile: '13900000018', gender: '1' }),
          member('zhang.san', '张三', { mobile: '13900000019' }),
          member('zhao.liu', '赵柳', { mobile: '13900000021' }),
          member('li.si', '李四', { mobile: '13900000020', status: 2 }),
        ],
        visitors: [
          {
            id: 'visitor-customer',
            name: '访客（客户）',
            openid: 'oExample7Kd92mPqRsTuV0wXyZ1',
            externalUserid: 'wmExampleAAAA3kLmNoPqRsTuVwXyZ',
          },
          { id: 'visitor', name: '访客', openid: 'oExample8Le03nQrStUvW1xYzA2' },
          {
            id: 'linked-member',
            name: '互联企业成员',
            linkedUserid: 'ww5f4e3d2c1b0a9988/chen.yu',
          },
        ],
      },
      {
        corpId: 'ww9f8e7d6c5b4a3921',
        name: '白桦物流',
        departments: [{ id: 1, name: '白桦物流', parentid: 0 }],
        apps: [
          app({
            agentId: 1000017,
            secret: 'exampleWecomSecret-birch-1000017-Ux5gTa9Mw2',
            name: '白桦门户',
          }),
        ],
        members: [
          member('lin.qiao', '林桥', { mobile: '13900000099', gender: '1' }),
          member('he.yan', '何燕', { mobile: '13900000098', gender: '2' }),
        ],
        visitors: [{ id: 'visitor', name: '访客', openid: 'oExample9Mf14oRsTuVwX2yZaB3' }],
      },
    ],
  };
}

function app(fields: {
  agentId: number;
  secret: string;
  name: string;
  visible?: string[];
  createdAfter20220620?: boolean;
}): WecomApp {
  return {
    trustedIps: ['127.0.0.1', '::1'],
    selectedFields: [...sensitiveFields],
    ...fields,
    visible: fields.visible ?? 'all',
    createdAfter20220620: fields.createdAfter20220620 ?? true,
  };
}

function member(userid: string, name: string, more: Partial<WecomMember>): WecomMember {
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
