import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { readAs } from '../../../common/faults.js';
import { openWecomSelfBuilt } from './wecom-self-built.provider.js';
import { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';

const good = {
  corpId: 'ww1a2b3c4d5e6f7a8b',
  agentId: '1000017',
  secret: 'exampleCorpSecret01',
};
const aesKey = 'ZXhhbXBsZS1vbmx5LWFlcy1rZXktMzItYnl0ZXMhIS4';

const read = (changes: object = {}): ReturnType<typeof readAs<WecomSelfBuiltSettings>> =>
  readAs(WecomSelfBuiltSettings, { ...good, ...changes });

describe('settings', () => {
  it('need the corp, the app and its secret, and default to silence and WeCom’s own hosts', () => {
    const { value, faults } = read();

    expect(faults).toEqual([]);
    expect(value.scope).toBe('snsapi_base');
    expect(value.secret.reveal()).toBe('exampleCorpSecret01');
    expect(value.endpoints).toMatchObject({
      login: 'https://login.work.weixin.qq.com',
      open: 'https://open.weixin.qq.com',
      openWork: 'https://open.work.weixin.qq.com',
      api: 'https://qyapi.weixin.qq.com',
    });
  });

  it('take an agent id that YAML read as a number', () => {
    const { value, faults } = read({ agentId: 1000017 });

    expect(faults).toEqual([]);
    expect(value.agentId).toBe('1000017');
  });

  it('take both callback pairs, and one host of four', () => {
    const { value, faults } = read({
      scope: 'snsapi_privateinfo',
      eventToken: 'exampleCallbackTok3n',
      eventAesKey: aesKey,
      contactSecret: 'exampleContactSecret',
      contactEventToken: 'exampleCallbackTok4n',
      contactEventAesKey: aesKey,
      endpoints: { api: 'http://127.0.0.1:4000/qyapi.weixin.qq.com' },
    });

    expect(faults).toEqual([]);
    expect(value.eventAesKey?.reveal()).toBe(aesKey);
    expect(value.endpoints.api).toBe('http://127.0.0.1:4000/qyapi.weixin.qq.com');
    expect(value.endpoints.login).toBe('https://login.work.weixin.qq.com');
  });

  it('take a name without a value as one that is left out', () => {
    expect(read({ eventToken: null, eventAesKey: null, contactSecret: null }).faults).toEqual([]);
  });

  it.each([
    [{ corpId: undefined }, ['corpId: must be the corp’s id (ww…)']],
    [{ corpId: 'ww1a/2b3c' }, ['corpId: must be the corp’s id (ww…)']],
    [{ agentId: 'app-17' }, ['agentId: must be the app’s agent id, digits only']],
    [{ agentId: 1.5 }, ['agentId: must be the app’s agent id, digits only']],
    [{ secret: '' }, ['secret: must be a text of at least 8 characters']],
    [{ secret: undefined }, ['secret: must be a text of at least 8 characters']],
    [{ scope: 'snsapi_userinfo' }, ['scope: must be snsapi_base or snsapi_privateinfo']],
    [{ scope: null }, ['scope: must be snsapi_base or snsapi_privateinfo']],
    [{ eventToken: 'abc' }, ['eventAesKey: must be given together with eventToken']],
    [{ eventAesKey: aesKey }, ['eventToken: must be given together with eventAesKey']],
    [
      { eventToken: 'abc', eventAesKey: aesKey.slice(1) },
      ['eventAesKey: must be 43 letters and digits'],
    ],
    [
      { eventToken: 'a-b', eventAesKey: aesKey },
      ['eventToken: must be 3 to 32 letters and digits'],
    ],
    [
      { contactEventToken: 'abc' },
      ['contactEventAesKey: must be given together with contactEventToken'],
    ],
    [{ contactSecret: 'short' }, ['contactSecret: must be a text of at least 8 characters']],
    [
      { endpoints: { api: 'qyapi.weixin.qq.com' } },
      ['endpoints.api: must be an http(s) base URL without trailing slash, query or user'],
    ],
    [
      { endpoints: { oapi: 'https://oapi.dingtalk.com' } },
      ['endpoints.oapi: is not a known field'],
    ],
    [
      { endpoints: null },
      ['endpoints: must be an object of base URLs: login, open, openWork, api'],
    ],
    [{ clientId: 'x' }, ['clientId: is not a known field']],
  ])('%j is a fault, named by its place', (changes, faults) => {
    expect(read(changes).faults).toEqual(faults);
  });

  it('name everything at once', () => {
    expect(readAs(WecomSelfBuiltSettings, {}).faults).toHaveLength(3);
  });
});

it('every secret field is named as one', () => {
  expect(openWecomSelfBuilt.secrets).toEqual([
    'secret',
    'eventToken',
    'eventAesKey',
    'contactSecret',
    'contactEventToken',
    'contactEventAesKey',
  ]);
});
