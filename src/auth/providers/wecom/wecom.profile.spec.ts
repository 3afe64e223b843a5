import { expect, it } from '@jest/globals';

import { profileOf } from './wecom.profile.js';

it('reads what a member consented to', () => {
  expect(
    profileOf({
      gender: '2',
      avatar: 'https://wework.example.com/avatar/7d1f/0',
      mobile: '13900000017',
      email: 'lin.qiao@mail.example.com',
      biz_mail: 'lin.qiao@corp.example.com',
    }),
  ).toEqual({
    gender: 'female',
    avatarUrl: 'https://wework.example.com/avatar/7d1f/0',
    phone: { number: '+8613900000017', trusted: true },
    email: 'lin.qiao@corp.example.com',
  });
});

it('leaves out what WeCom did not say', () => {
  expect(
    profileOf({ gender: '0', avatar: '', mobile: '', email: '', biz_mail: '', name: '' }),
  ).toEqual({});
});

it.each([
  [{ gender: '1' }, { gender: 'male' }],
  [{ gender: 2 }, { gender: 'female' }],
  [{ gender: '3' }, {}],
  [{ mobile: '+85291234567' }, { phone: { number: '+85291234567', trusted: true } }],
  [{ mobile: '139****0017' }, {}],
  [{ mobile: '12' }, {}],
  [{ biz_mail: '', email: 'lin@mail.example.com' }, { email: 'lin@mail.example.com' }],
  [{ email: 'not a mailbox' }, {}],
  [{ avatar: 'javascript:alert(1)' }, {}],
  [{ name: '林乔' }, { displayName: '林乔' }],
])('reads %j as %j', (fields, profile) => {
  expect(profileOf(fields)).toEqual(profile);
});
