import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { readConnection } from '../../../connections/connection.definition.js';
import { cast } from './testing/open-fake.js';

const { aesKey } = cast;
const loginSuite = {
  suiteId: cast.loginSuite,
  suiteSecret: 'exampleLoginSecret',
  eventToken: 'loginToken',
  eventAesKey: aesKey,
};
const good = {
  slug: 'wecom-any',
  platform: 'wecom-service-provider',
  displayName: '企业微信',
  appType: 'third-party',
  providerCorpId: cast.provider,
  providerSecret: 'exampleProviderSecret',
  suiteId: cast.suite,
  suiteSecret: 'exampleSuiteSecret',
  eventToken: 'suiteToken',
  eventAesKey: aesKey,
  loginSuite,
};
const faultsOf = (changes: object): string[] => readConnection({ ...good, ...changes }).faults;

describe('a definition', () => {
  it('keeps every secret apart, those of the login suite too', () => {
    const { definition, faults } = readConnection(good);

    expect(faults).toEqual([]);
    expect(definition?.secrets).toEqual({
      providerSecret: 'exampleProviderSecret',
      suiteSecret: 'exampleSuiteSecret',
      eventToken: 'suiteToken',
      eventAesKey: aesKey,
      'loginSuite.suiteSecret': 'exampleLoginSecret',
      'loginSuite.eventToken': 'loginToken',
      'loginSuite.eventAesKey': aesKey,
    });
    expect(definition?.settings['loginSuite']).toEqual({ suiteId: 'ww71ac05de94b3f862' });
    expect(JSON.stringify(definition?.settings)).not.toMatch(/Secret"|Token|SimulatorOnly/);
  });

  it('reads the same from what is kept', () => {
    const { definition } = readConnection(good);
    const kept = { slug: 'wecom-any', platform: 'wecom-service-provider' };
    const again = readConnection({ ...kept, ...definition?.settings, ...definition?.secrets });

    expect(again).toEqual({ definition, faults: [] });
  });

  it('that changes inside the login suite keeps the secrets that are not given', () => {
    const { definition } = readConnection(good);
    const kept = { slug: 'wecom-any', platform: 'wecom-service-provider' };
    const before = { ...kept, ...definition?.settings, ...definition?.secrets };
    const changed = { suiteId: 'wwOtherSuite', suiteSecret: 'anotherSecret' };
    const after = readConnection({ ...before, loginSuite: changed });

    expect(after.faults).toEqual([]);
    expect(after.definition?.settings['loginSuite']).toEqual({ suiteId: 'wwOtherSuite' });
    expect(after.definition?.secrets).toMatchObject({
      'loginSuite.suiteSecret': 'anotherSecret',
      'loginSuite.eventToken': 'loginToken',
    });
    const { loginSuite: _, ...without } = before as Record<string, unknown>;
    expect(Object.keys(readConnection(without).definition?.secrets ?? {})).toEqual([
      'providerSecret',
      'suiteSecret',
      'eventToken',
      'eventAesKey',
    ]);
  });

  it('may do without a login suite, and for a delegated app take a pair of its own', () => {
    const changes = {
      appType: 'delegated',
      suiteId: cast.template,
      loginSuite: undefined,
      appEventToken: 'appToken',
      appEventAesKey: aesKey,
    };

    expect(faultsOf(changes)).toEqual([]);
  });

  it.each([
    [{ appType: 'self-built' }, ['appType: must be third-party or delegated']],
    [{ providerCorpId: 'ww 1' }, ['providerCorpId: must be the provider’s own corp id (ww…)']],
    [{ providerSecret: 'short' }, ['providerSecret: must be a text of at least 8 characters']],
    [
      { suiteId: cast.template },
      ['suiteId: is a delegated template’s (dk…): appType must be delegated'],
    ],
    [{ eventToken: undefined }, ['eventToken: must be 3 to 32 letters and digits']],
    [{ eventAesKey: 'short' }, ['eventAesKey: must be 43 letters and digits']],
    [{ appEventToken: 'abc' }, ['appEventAesKey: must be given together with appEventToken']],
    [
      { loginSuite: { ...loginSuite, suiteSecret: undefined } },
      ['loginSuite.suiteSecret: must be a text of at least 8 characters'],
    ],
    [
      { loginSuite: { ...loginSuite, eventToken: undefined } },
      ['loginSuite.eventToken: must be 3 to 32 letters and digits'],
    ],
    [{ loginSuite: { ...loginSuite, corpId: 'x' } }, ['loginSuite.corpId: is not a known field']],
    [
      { loginSuite: null },
      ['loginSuite: must be an object: suiteId, suiteSecret, eventToken, eventAesKey'],
    ],
    [{ tenantPolicy: 'some' }, ['tenantPolicy: must be installed, listed or any']],
    [
      { tenantPolicy: 'listed' },
      ['tenants: must name at least one corp with tenantPolicy: listed'],
    ],
    [{ tenants: ['wpSimC1'] }, ['tenants: has a meaning with tenantPolicy: listed alone']],
    [{ tenantPolicy: 'listed', tenants: ['a b'] }, ['tenants: must be a list of corp ids']],
    [{ scope: 'snsapi_userinfo' }, ['scope: must be snsapi_base or snsapi_privateinfo']],
    [{ testInstalls: 'yes' }, ['testInstalls: must be a boolean value']],
    [
      { matchPhone: true },
      ['matchPhone: must be false: the administrator of any corp could type in any number'],
    ],
    [{ corpId: 'wpSimC1' }, ['corpId: is not a known field']],
  ])('%j is a fault, named by its place', (changes, faults) => {
    expect(faultsOf(changes)).toEqual(faults);
  });
});
