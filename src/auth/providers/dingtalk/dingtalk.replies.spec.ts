import { describe, expect, it } from '@jest/globals';

import { api, oapi, wrapped } from './testing/refusals.js';

describe('a reply', () => {
  it.each([
    ['oapi', oapi({ errcode: 0, errmsg: 'ok', result: {} })],
    ['oapi, numbers as texts', oapi({ errcode: '0', errmsg: 'ok', result: {} })],
    ['api', api(200, { expireIn: 7200, accessToken: 'x' })],
  ])('is fine: %s', (_family, refusal) => {
    expect(refusal).toBeUndefined();
  });

  it('of oapi without an errcode is never fine', () => {
    expect(oapi({ result: { name: '王小明' } })?.code).toBe('HTTP 200');
    expect(oapi({ errcode: 0 }, 502)?.code).toBe('HTTP 502');
    expect(oapi([])?.code).toBe('HTTP 200');
  });

  it('of api in the other family’s shape is a refusal though its status is 200', () => {
    expect(api(200, { errcode: 404, errmsg: '请求的URI地址不存在' })?.code).toBe('404');
  });

  it('is read behind 88, whose sub_code is a text, or the whole a text', () => {
    expect(wrapped('40014', '不合法的access_token')).toMatchObject({
      code: '40014',
      message: '不合法的access_token',
      requestId: '15rk8example5',
    });
    expect(oapi({ errcode: '88', sub_code: '60011', errmsg: 'x' })).toMatchObject({
      code: '60011',
      message: 'x',
    });
    expect(oapi({ errcode: 88, errmsg: 'ding talk error' })?.code).toBe('88');
  });

  it('may spell its fields in upper case, as the gateway does', () => {
    expect(api(500, { Code: 'systemBusy', Message: 'busy', RequestId: '7A1C' })).toMatchObject({
      code: 'systemBusy',
      message: 'busy',
      requestId: '7A1C',
    });
  });
});
