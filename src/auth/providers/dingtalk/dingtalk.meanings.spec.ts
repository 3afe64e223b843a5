import { describe, expect, it } from '@jest/globals';

import { AppError } from '../../../common/app-error.js';
import { PlatformTokenRejected } from '../platform-tokens.js';
import { toError } from './dingtalk.errors.js';
import { meaningOf } from './dingtalk.meanings.js';
import type { DingtalkRefusal } from './dingtalk.replies.js';
import { api, oapi, wrapped } from './testing/refusals.js';

const call = { name: 'topapi/v2/user/get', withAppToken: true, sensitive: [] };

function errorOf(refusal: DingtalkRefusal | undefined): AppError {
  const error = toError({ ...call, withAppToken: false }, refusal!);
  if (!(error instanceof AppError)) throw error;
  return error;
}

describe('a code of DingTalk', () => {
  const denied = 'Forbidden.AccessDenied';
  it.each([
    // 1.3
    [
      api(400, { code: 'invalidParameter.authCode.notFound', message: '不合法的临时授权码' }),
      'platform_code_rejected',
    ],
    [
      api(400, { code: 'invalidClientIdOrSecret', message: '无效的clientId或者clientSecret' }),
      'platform_misconfigured',
    ],
    [
      api(400, { code: 'MissingclientId', message: 'clientId is mandatory for this action.' }),
      'platform_misconfigured',
    ],
    [
      api(400, { code: 'Missingbody', message: 'body is mandatory for this action.' }),
      'platform_misconfigured',
    ],
    [api(400, { code: 'Invalidbody', message: 'JSON parsing error' }), 'platform_misconfigured'],
    [
      api(404, { code: 'InvalidAction.NotFound', message: 'Specified api is not found' }),
      'platform_misconfigured',
    ],
    // 1.4
    [api(404, { code: 'invalidParameter.user.notFound', message: '找不到该用户' }), 'not_a_member'],
    [
      api(403, { code: `${denied}.AccessTokenPermissionDenied`, message: '没有调用该接口的权限' }),
      'platform_misconfigured',
    ],
    [
      api(400, { code: 'accesstoken.expired', message: '用户accessToken过期' }),
      'platform_unavailable',
    ],
    [
      api(400, { code: 'InvalidAuthentication', message: '不合法的access_token' }),
      'platform_unavailable',
    ],
    [
      api(400, { code: 'AuthenticationFailed.MissingParameter', message: '缺少参数' }),
      'platform_misconfigured',
    ],
    // 3.2 to 3.4
    [oapi({ errcode: 40078, errmsg: '不存在的临时授权码' }), 'platform_code_rejected'],
    [oapi({ errcode: 40079, errmsg: '不存在的授权信息' }), 'not_a_member'],
    [oapi({ errcode: 41026, errmsg: 'missing tmp_auth_code' }), 'platform_code_rejected'],
    [oapi({ errcode: 41007, errmsg: 'invalid ssocode' }), 'platform_code_rejected'],
    [oapi({ errcode: 60121, errmsg: '找不到该用户' }), 'not_a_member'],
    [oapi({ errcode: 33012, errmsg: 'invalid userid' }), 'not_a_member'],
    [oapi({ errcode: 50002, errmsg: 'userid outside the scope' }), 'not_a_member'],
    [oapi({ errcode: 400002, errmsg: 'invalid parameter' }), 'platform_misconfigured'],
    // 4
    [oapi({ errcode: 40096, errmsg: '不合法的appKey或appSecret' }), 'platform_misconfigured'],
    [oapi({ errcode: 40089, errmsg: '不合法的corpid或corpsecret' }), 'platform_misconfigured'],
    [oapi({ errcode: 40035, errmsg: '缺少参数' }), 'platform_misconfigured'],
    [api(400, { code: 'invalid.client', message: '' }), 'platform_misconfigured'],
    // 7.1
    [wrapped('40000', 'access_token is blank'), 'platform_misconfigured'],
    [oapi({ errcode: 22, errmsg: 'Invalid method' }), 'platform_misconfigured'],
    [oapi({ errcode: 404, errmsg: '请求的URI地址不存在' }), 'platform_misconfigured'],
    // 7.3
    [oapi({ errcode: 41001, errmsg: 'missing access_token' }), 'platform_misconfigured'],
    [oapi({ errcode: 40029, errmsg: '' }), 'platform_code_rejected'],
    [oapi({ errcode: 42003, errmsg: '' }), 'platform_code_rejected'],
    [oapi({ errcode: 42008, errmsg: '' }), 'platform_code_rejected'],
    [oapi({ errcode: 40102, errmsg: '' }), 'platform_code_rejected'],
    [wrapped('60011', '应用尚未开通所需的权限'), 'platform_misconfigured'],
    [wrapped('60020', 'request ip=203.0.113.7'), 'platform_misconfigured'],
    [api(403, { code: `${denied}.IpNotInWhiteList`, message: '' }), 'platform_misconfigured'],
    [wrapped('90018', ''), 'platform_rate_limited'],
    [api(403, { code: `${denied}.QpsLimitForAppkeyAndApi`, message: '' }), 'platform_rate_limited'],
    [api(403, { code: `${denied}.QpmLimitForAppkeyAndApi`, message: '' }), 'platform_rate_limited'],
    [wrapped('90007', ''), 'platform_rate_limited'],
    [wrapped('90014', ''), 'platform_rate_limited'],
    [
      api(403, { code: `${denied}.QpsLimitForSuitekeyAndOrgAndApi`, message: '' }),
      'platform_rate_limited',
    ],
    [wrapped('90002', ''), 'platform_rate_limited'],
    [api(403, { code: `${denied}.QpsLimitForApi`, message: '' }), 'platform_rate_limited'],
    [wrapped('90020', ''), 'platform_rate_limited'],
    [api(403, { code: `${denied}.ApiCountLimitForOrg`, message: '' }), 'platform_rate_limited'],
    [oapi({ errcode: 50003, errmsg: '' }), 'platform_misconfigured'],
    [oapi({ errcode: 50001, errmsg: '' }), 'platform_misconfigured'],
    [oapi({ errcode: -1, errmsg: '系统繁忙' }), 'platform_unavailable'],
    [api(500, { code: 'systemBusy', message: '' }), 'platform_unavailable'],
    [api(429, { code: 'system.busy', message: '' }), 'platform_unavailable'],
    [api(500, { code: 'unknownError', message: '未知错误' }), 'platform_unavailable'],
    [oapi({ errcode: 43001, errmsg: '' }), 'platform_misconfigured'],
    [oapi({ errcode: 43002, errmsg: '' }), 'platform_misconfigured'],
    // 7.4, and what nobody documents
    [
      oapi({ status: 1111, wait: 5, source: 'x5', punish: 'deny', uuid: 'xxx' }),
      'platform_rate_limited',
    ],
    [
      api(200, { status: 1111, wait: 5, source: 'x5', punish: 'deny', uuid: 'xxx' }),
      'platform_rate_limited',
    ],
    [api(429, {}), 'platform_rate_limited'],
    [api(502, {}), 'platform_unavailable'],
    [oapi({ errcode: 987654, errmsg: 'new' }), 'platform_unavailable'],
    [api(403, { code: 'constructor', message: '' }), 'platform_unavailable'],
  ])('%j means %s', (refusal, code) => {
    const error = errorOf(refusal);

    expect(error.code).toBe(code);
    expect(error.operator).toMatchObject({
      call: 'topapi/v2/user/get',
      platformCode: refusal?.code,
      fix: expect.stringMatching(/.{15,}/),
    });
  });

  it.each([
    [wrapped('40014', '不合法的access_token')],
    [oapi({ errcode: 40014, errmsg: '不合法的access_token' })],
    [wrapped('42001', 'access_token超时')],
    [oapi({ errcode: 42001, errmsg: 'access_token超时' })],
    [wrapped('40001', '')],
    [api(400, { code: 'InvalidAuthentication', message: '不合法的access_token' })],
  ])('%j says that the app’s token is to be dropped', (refusal) => {
    expect(toError(call, refusal!)).toBeInstanceOf(PlatformTokenRejected);
  });

  it.each([
    [wrapped('60011', '应用尚未开通所需的权限')],
    [wrapped('60020', 'request ip=203.0.113.7')],
    [wrapped('90018', '')],
    [wrapped('40000', 'access_token is blank')],
    [oapi({ errcode: 88, errmsg: '' })],
  ])('%j does not, though it came behind 88', (refusal) => {
    expect(toError(call, refusal!)).toBeInstanceOf(AppError);
  });

  it.each([
    [oapi({ errcode: -1, errmsg: '' }), 'busy'],
    [api(500, { code: 'systemBusy' }), 'busy'],
    [api(429, { code: 'system.busy' }), 'busy'],
    [api(502, {}), 'busy'],
    [wrapped('90018', ''), 'too-fast'],
    [wrapped('90002', ''), 'too-fast'],
    [wrapped('90007', ''), 'too-fast'],
    [wrapped('90014', ''), 'too-fast'],
    [api(403, { code: `${denied}.QpsLimitForApi` }), 'too-fast'],
    [api(403, { code: `${denied}.QpsLimitForSuitekeyAndOrgAndApi` }), 'too-fast'],
    [api(429, {}), 'too-fast'],
    [wrapped('90020', ''), 'used-up'],
    [api(403, { code: `${denied}.QpmLimitForAppkeyAndApi` }), 'used-up'],
    [api(403, { code: `${denied}.ApiCountLimitForOrg` }), 'used-up'],
    [oapi({ status: 1111, punish: 'deny' }), 'used-up'],
    [wrapped('60011', ''), undefined],
    [oapi({ errcode: 987654, errmsg: 'new' }), undefined],
  ])('%j may go better later: %s', (refusal, trouble) => {
    expect(meaningOf(refusal!).trouble).toBe(trouble);
  });
});
