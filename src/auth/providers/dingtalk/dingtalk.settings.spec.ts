import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { readAs } from '../../../common/faults.js';
import { Secret } from '../../../common/secret.js';
import { DingtalkSettings } from './dingtalk.settings.js';

const good = {
  clientId: 'dingexampleappkey1',
  clientSecret: 'exampleSecret01',
  corpId: 'dingexamplecorp01',
};

const read = (changes: object) => readAs(DingtalkSettings, { ...good, ...changes });
const faults = (changes: object) => read(changes).faults;

describe('the settings of a DingTalk connection', () => {
  it('take the public hosts and SHA-256 where nothing else is said', () => {
    const { value, faults } = read({});

    expect(faults).toEqual([]);
    expect(value.jsapiHash).toBe('sha256');
    expect(value.endpoints).toMatchObject({
      login: 'https://login.dingtalk.com',
      api: 'https://api.dingtalk.com',
      oapi: 'https://oapi.dingtalk.com',
    });
  });

  it('keep secrets from being printed', () => {
    const { value } = read({ eventToken: 'exampleToken01', eventAesKey: 'a'.repeat(43) });

    expect(value.clientSecret).toBeInstanceOf(Secret);
    expect(JSON.stringify(value)).not.toMatch(/exampleSecret01|exampleToken01|aaaa/);
  });

  it('change one endpoint and leave the others', () => {
    const { value, faults } = read({
      endpoints: { api: 'http://127.0.0.1:4000/api.dingtalk.com' },
    });

    expect(faults).toEqual([]);
    expect(value.endpoints).toMatchObject({
      login: 'https://login.dingtalk.com',
      api: 'http://127.0.0.1:4000/api.dingtalk.com',
      oapi: 'https://oapi.dingtalk.com',
    });
  });

  it.each([
    ['a trailing slash', 'https://api.example.com/'],
    ['a query', 'https://api.example.com?x=1'],
    ['a fragment', 'https://api.example.com#x'],
    ['a user', 'https://me@api.example.com'],
    ['another scheme', 'ftp://api.example.com'],
    ['no URL', 'api.example.com'],
    ['nothing', null],
  ])('refuse an endpoint with %s', (_what, api) => {
    expect(faults({ endpoints: { api } })).toEqual([
      'endpoints.api: must be an http(s) base URL without trailing slash, query or user',
    ]);
  });

  it.each([[null], [[]], ['https://api.example.com']])('refuse endpoints that are %j', (value) => {
    expect(faults({ endpoints: value })).toHaveLength(1);
  });

  it('refuse an endpoint that DingTalk does not have', () => {
    expect(faults({ endpoints: { open: 'https://api.example.com' } })).toEqual([
      'endpoints.open: is not a known field',
    ]);
  });

  it('want a corp, unless the connection is open to all', () => {
    expect(faults({ corpId: undefined })).toEqual([
      'corpId: must be the corp’s id (ding…), or be left out together with tenantPolicy: any',
    ]);
    expect(faults({ corpId: undefined, tenantPolicy: 'any' })).toEqual([]);
    expect(faults({ corpId: 'ding corp' })).toHaveLength(1);
  });

  it('refuse to be open to all and to one corp at once', () => {
    expect(faults({ tenantPolicy: 'any' })).toEqual([
      'corpId: must be left out where tenantPolicy is any',
    ]);
  });

  it('want both halves of the event pair, or neither', () => {
    const pair = { eventToken: 'exampleToken01', eventAesKey: 'abcdefghij'.repeat(4) + 'abc' };

    expect(faults(pair)).toEqual([]);
    expect(faults({ eventToken: pair.eventToken })).toEqual([
      expect.stringMatching(/^eventAesKey: /),
    ]);
    expect(faults({ eventAesKey: pair.eventAesKey })).toEqual([
      expect.stringMatching(/^eventToken: /),
    ]);
  });

  it.each([
    ['42 characters', 'a'.repeat(42)],
    ['44 characters', 'a'.repeat(44)],
    ['a sign', `${'a'.repeat(42)}=`],
  ])('refuse an AES key of %s, without showing it', (_what, eventAesKey) => {
    expect(faults({ eventToken: 'exampleToken01', eventAesKey })).toEqual([
      'eventAesKey: must be 43 letters and digits',
    ]);
  });

  it('name every other fault by its place', () => {
    const wrong = { clientId: '', clientSecret: 'short', tenantPolicy: 'all', jsapiHash: 'md5' };

    expect(faults({ ...wrong, agentId: 100001, color: 'red' }).sort()).toEqual([
      'agentId: must be the app’s agent id, in quotes',
      'clientId: must be longer than or equal to 1 characters',
      'clientSecret: must be a text of at least 8 characters',
      'color: is not a known field',
      'jsapiHash: must be sha256 or sha1',
      'tenantPolicy: must be any, or be left out',
    ]);
  });
});
