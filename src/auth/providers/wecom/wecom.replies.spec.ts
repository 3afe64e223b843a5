import { expect, it } from '@jest/globals';

import { refusalIn } from './wecom.replies.js';

it.each([
  { errcode: 0, errmsg: 'ok', userid: 'lin.qiao' },
  { userid: 'lin.qiao', errcode: 0, errmsg: 'ok', something_new: { errcode: 40001 } },
  { userid: 'lin.qiao' },
  { errcode: '0' },
])('%j is fine', (body) => {
  expect(refusalIn({ status: 200, body })).toBeUndefined();
});

it.each([
  [200, { errcode: 40029, errmsg: 'invalid code' }, { code: '40029', message: 'invalid code' }],
  [200, { department: [], errmsg: '', errcode: 60111 }, { code: '60111' }],
  [200, { errcode: '60020' }, { code: '60020' }],
  [200, { errcode: -1, errmsg: 'busy' }, { code: '-1', message: 'busy' }],
  [500, { errcode: -1 }, { code: '-1' }],
  [502, { userid: 'lin.qiao' }, { code: 'HTTP 502' }],
  [500, { errcode: 0, errmsg: 'ok' }, { code: 'HTTP 500', message: 'ok' }],
  [404, null, { code: 'HTTP 404' }],
])('HTTP %d with %j is refused', (status, body, refusal) => {
  expect(refusalIn({ status, body })).toEqual(refusal);
});

it.each([
  null,
  [],
  ['ok'],
  'ok',
  7,
  { errcode: null },
  { errcode: '' },
  { errcode: 'none' },
  { errcode: {} },
])('%j is no answer of WeCom', (body) => {
  expect(refusalIn({ status: 200, body })?.code).toBe('unreadable');
});
