import { describe, expect, it } from '@jest/globals';

import { AppError } from '../../../common/app-error.js';
import { toError } from './dingtalk.errors.js';
import type { DingtalkRefusal } from './dingtalk.replies.js';
import { api, oapi, wrapped } from './testing/refusals.js';

const call = { name: 'topapi/v2/user/get', withAppToken: true, sensitive: [] };

function errorOf(refusal: DingtalkRefusal | undefined): AppError {
  const error = toError({ ...call, withAppToken: false }, refusal!);
  if (!(error instanceof AppError)) throw error;
  return error;
}

describe('what an operator is told', () => {
  it('names the address that is not allowed', () => {
    const error = errorOf(
      wrapped('60020', '访问ip不在白名单之中,request ip=203.0.113.7 appKey(dingexampleappkey1)'),
    );

    expect(error.operator?.fix).toContain('Add 203.0.113.7 to the app’s server exit IPs');
    expect(error.operator?.platformMessage).toContain('appKey(dingexampleappkey1)');
  });

  it('names the permission that is missing, in either family', () => {
    const words =
      '应用尚未开通所需的权限：[qyapi_get_member]，点击链接申请并开通即可：https://open-dev.dingtalk.com/appscope/apply?content=dingexampleappkey1%23qyapi_get_member';
    const onOapi = errorOf(wrapped('60011', words));
    const onApi = errorOf(
      api(403, {
        requestid: '7A1C3E5B-0D2F-7461-8A9B-CDEF01234567',
        code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
        message: '没有调用该接口的权限',
        accessdenieddetail: { requiredScopes: ['Contact.User.Read'] },
      }),
    );

    expect(onOapi.operator?.fix).toMatch(/^Grant the app qyapi_get_member /);
    expect(onOapi.operator?.platformMessage).toBe(`${words} (request id 15rk8example5)`);
    expect(onApi.operator?.fix).toMatch(/^Grant the app Contact\.User\.Read /);
    expect(onApi.operator?.platformMessage).toBe(
      '没有调用该接口的权限 (request id 7A1C3E5B-0D2F-7461-8A9B-CDEF01234567)',
    );
  });

  it('holds no token, code, secret or phone, known or not', () => {
    const refusal = oapi({
      errcode: 987654,
      errmsg:
        'code abc12 of 13812345678 with access_token=xyz, clientSecret: s3 and 4e1d0c9b8a7f36e5d4c3b2a190817f6e failed',
    });
    const error = toError({ ...call, sensitive: ['abc12'] }, refusal!);

    expect(error).toMatchObject({
      operator: {
        platformMessage: 'code *** of *** with access_token=***, clientSecret: *** and *** failed',
      },
    });
  });
});
