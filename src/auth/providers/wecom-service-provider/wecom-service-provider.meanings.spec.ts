import { describe, expect, it } from '@jest/globals';

import { isRefusal, toError } from '../wecom/wecom.errors.js';
import { PlatformTokenRejected } from '../platform-tokens.js';
import { AppError } from '../../../common/app-error.js';
import { serviceProviderMeanings } from './wecom-service-provider.meanings.js';

/** What a refusal of a call with a token comes to. */
function outcomeOf(code: string, message = 'refused', withToken = true): AppError {
  const call = {
    name: 'service/get_corp_token',
    withToken,
    sensitive: [],
    callbackHost: 'id.example.com:8443',
    meanings: serviceProviderMeanings,
  };
  const error = toError(call, { code, message });
  const outcome = error instanceof PlatformTokenRejected ? error.cause : error;
  if (outcome instanceof AppError) return outcome;
  throw new Error('not an outcome of ours');
}

describe('a code of WeCom’s', () => {
  it.each([
    ['40084', 'tenant_not_allowed', /took the app away/],
    ['48004', 'tenant_not_allowed', /took the app away/],
    ['40085', 'platform_misconfigured', /wait up to ten minutes, or press the push button/],
    ['40080', 'platform_misconfigured', /those of one suite/],
    ['40083', 'platform_misconfigured', /those of one suite/],
    ['48003', 'platform_misconfigured', /those of one suite/],
    ['40001', 'platform_misconfigured', /no suite’s secret will do/],
    ['48002', 'platform_misconfigured', /appType/],
    ['50001', 'platform_misconfigured', /Enter id\.example\.com:8443/],
    ['701050', 'platform_misconfigured', /interface licence/],
    ['41022', 'platform_misconfigured', /proxy/],
    ['40078', 'platform_code_rejected', /installs the app again/],
    ['40029', 'platform_code_rejected', /within five minutes/],
    ['-1', 'platform_unavailable', /busy/],
    ['987654', 'platform_unavailable', /not known here/],
  ])('%s is %s, with what to do', (platformCode, code, fix) => {
    expect(outcomeOf(platformCode)).toMatchObject({
      code,
      operator: { platformCode, fix: expect.stringMatching(fix) },
    });
  });

  it('60020 names the address for the provider’s own list', () => {
    const words = 'not allow to access from your ip, from ip: 203.0.113.9, more info';

    expect(outcomeOf('60020', words).operator?.fix).toContain('Add 203.0.113.9 to 服务商信息');
    expect(outcomeOf('60020').operator?.fix).toContain('the address that this service calls from');
  });

  it.each([
    ['40082', true],
    ['42009', true],
    ['40014', true],
    ['42001', true],
    ['40001', true],
    ['40084', false],
    ['48004', false],
    ['40085', false],
  ])('%s rejects the token: %s', (code, rejects) => {
    const call = {
      name: 'auth/getuserinfo',
      withToken: true,
      sensitive: [],
      meanings: serviceProviderMeanings,
    };
    const error = toError(call, { code });

    expect(error instanceof PlatformTokenRejected).toBe(rejects);
    expect(isRefusal(outcomeOf(code), code)).toBe(true);
  });
});
