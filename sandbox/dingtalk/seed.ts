import type { DingtalkApp, DingtalkPermission, DingtalkWorld } from './world.js';

const everyPermission: readonly DingtalkPermission[] = [
  'Contact.User.Read',
  'Contact.User.mobile',
  'qyapi_base',
  'qyapi_get_member',
  'qyapi_get_member_by_mobile',
  'fieldMobile',
  'fieldEmail',
];

function app(fields: {
  clientId: string;
  clientSecret: string;
  corpId: string;
  agentId: string;
  name: string;
  visible?: string[];
}): DingtalkApp {
  return {
    redirectUrls: [],
    permissions: [...everyPermission],
    ipAllowList: [],
    ...fields,
    visible: fields.visible ?? 'all',
  };
}

/**
 * Two orgs. Wang Xiaoming belongs to both; `manager0042` is another person in each; Chen Jing is outside the first
 * app's contact scope; Sun Wei, of the second org, is an external contact of the first; Zhao Qiang is an outsider there.
 */
export function seedDingtalkWorld(): DingtalkWorld {
  return {
    people: [
      {
        id: 'wang-xiaoming',
        nick: '小明',
        mobile: '13800000000',
        stateCode: '86',
        avatarUrl: 'https://static-legacy.dingtalk.com/media/example.jpg',
        personalEmail: 'xiaoming@example.com',
      },
      { id: 'li-na', nick: 'Lina', mobile: '13800000077', stateCode: '86' },
      { id: 'chen-jing', nick: '静静', mobile: '13800000101', stateCode: '86' },
      { id: 'zhou-mo', nick: '周末', mobile: '13800000102', stateCode: '86' },
      { id: 'sun-wei', nick: '孙伟', mobile: '13800000201', stateCode: '86' },
      {
        id: 'zhao-qiang',
        nick: '强哥',
        mobile: '13800000301',
        stateCode: '86',
        personalEmail: 'zhao@example.net',
      },
      { id: 'amy-wong', nick: 'Amy', mobile: '61234567', stateCode: '852' },
    ],
    corps: [
      {
        corpId: 'dingexamplecorp01',
        name: '栗子科技',
        departments: [
          { id: 1, name: '栗子科技' },
          { id: 2001, name: '研发部' },
        ],
        apps: [
          app({
            clientId: 'dingexampleappkey1',
            clientSecret: 'exampleSecret01',
            corpId: 'dingexamplecorp01',
            agentId: '100000001',
            name: '栗子门户',
            visible: ['manager0042', 'user0077', 'user0102', 'user0103'],
          }),
          app({
            clientId: 'dingexampleappkey3',
            clientSecret: 'exampleSecret03',
            corpId: 'dingexamplecorp01',
            agentId: '100000003',
            name: '栗子考勤',
          }),
        ],
        members: [
          {
            userid: 'manager0042',
            personId: 'wang-xiaoming',
            name: '王小明',
            contactType: 0,
            deptIds: [1, 2001],
            active: true,
            admin: true,
            email: '',
            orgEmail: 'xiaoming@corp.example.com',
            jobNumber: 'A042',
            title: '工程师',
          },
          employee('user0077', 'li-na', '李娜'),
          employee('user0101', 'chen-jing', '陈静'),
          { ...employee('user0102', 'zhou-mo', '周末'), active: false },
          employee('user0103', 'amy-wong', '黄美'),
          { ...employee('ext0001', 'sun-wei', '孙伟（外部联系人）'), contactType: 1 },
        ],
      },
      {
        corpId: 'dingexamplecorp02',
        name: '橡果贸易',
        departments: [{ id: 1, name: '橡果贸易' }],
        apps: [
          app({
            clientId: 'dingexampleappkey2',
            clientSecret: 'exampleSecret02',
            corpId: 'dingexamplecorp02',
            agentId: '100000002',
            name: '橡果门户',
          }),
        ],
        members: [
          { ...employee('manager0042', 'zhao-qiang', '赵强'), admin: true },
          employee('wxm', 'wang-xiaoming', '王小明'),
          employee('sunwei', 'sun-wei', '孙伟'),
        ],
      },
    ],
  };
}

function employee(userid: string, personId: string, name: string) {
  return {
    userid,
    personId,
    name,
    contactType: 0 as 0 | 1,
    deptIds: [1],
    active: true,
    admin: false,
  };
}
