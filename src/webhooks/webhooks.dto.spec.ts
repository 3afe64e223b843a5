import { describe, expect, it } from '@jest/globals';

import { readAs } from '../common/faults.js';
import { CreateWebhookDto } from './webhooks.dto.js';

const faultsOf = (fields: object): readonly string[] => readAs(CreateWebhookDto, fields).faults;
const faulty = ['url: must be an http:// or https:// URL without user and fragment'];

describe('the URL of a webhook', () => {
  it.each([
    'https://hr.example.com/hooks?token=a%20b',
    'HTTPS://hr.example.com:8443',
    'http://10.0.0.7:8080/hooks/@hr',
    'http://[::1]/',
  ])('may be %s', (url) => {
    expect(faultsOf({ url })).toEqual([]);
  });

  it.each([
    'hr.example.com',
    'ftp://hr.example.com/',
    'javascript:alert(1)',
    'https://user@hr.example.com/',
    'https://user:pass@hr.example.com/',
    'https://hr.example.com/#',
    'https://hr.example.com/#part',
    ' https://hr.example.com/',
    'https://hr.example.com/a b',
    'https://hr.example.com/\n',
    'https://hr.example.com/\u0000',
    'https:hr.example.com',
    'https://hr.example.com\\hooks',
    'https://',
    'https://hr.example.com:99999/',
    undefined,
    7,
    null,
  ])('is not %j', (url) => {
    expect(faultsOf({ url })).toEqual(faulty);
  });

  it('has an end', () => {
    expect(faultsOf({ url: `https://x.example/${'a'.repeat(2000)}` })).toHaveLength(1);
  });
});

describe('the events of a webhook', () => {
  it('are known ones, each once, at least one', () => {
    const url = 'https://hr.example.com/';
    expect(faultsOf({ url, events: ['account.bound', 'account.deleted'] })).toEqual([]);
    for (const events of [[], ['webhook.test'], ['account.bound', 'account.bound'], null, 'all'])
      expect(faultsOf({ url, events })).toHaveLength(1);
  });
});
