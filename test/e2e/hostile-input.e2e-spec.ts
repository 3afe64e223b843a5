import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Api, adminApi } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

const nobody = '00000000-0000-4000-8000-000000000000';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  api = await adminApi(bed);
});
afterAll(() => bed.stop());

const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
const inLists = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('a body that is valid JSON and means harm', () => {
  const calls = [
    ['POST', '/accounts'],
    ['PATCH', `/accounts/${nobody}`],
    ['PUT', `/accounts/${nobody}/password`],
    ['POST', `/accounts/${nobody}/identities`],
    ['POST', `/accounts/${nobody}/merge`],
    ['POST', `/account-requests/${nobody}/accept`],
    ['POST', '/connections'],
    ['POST', '/clients'],
    ['POST', '/webhooks'],
    ['PATCH', `/webhooks/${nobody}`],
  ] as const;

  it.each(calls)('is refused however deep it is: %s %s', async (method, path) => {
    for (const body of [
      nested(10_000),
      inLists(10_000),
      `{"displayName":${nested(10_000)}}`,
      `{"displayName":${inLists(10_000)}}`,
    ]) {
      expect((await api(method, path, { body })).status).toBe(400);
    }
  });

  it.each([
    ['half a surrogate pair', { email: 'a\ud800@example.com' }, 'email'],
    ['a NUL character', { displayName: 'a\0b' }, 'displayName'],
    ['a value that says what its class is', { roles: { constructor: { name: 'x' } } }, 'roles'],
  ])('is refused with the name of the field that holds %s', async (_name, body, field) => {
    const answer = await api('POST', '/accounts', { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'request_invalid',
      errors: [{ field, message: expect.any(String) }],
    });
  });

  it('is not looked at without a token', async () => {
    const answer = await fetch(`${bed.issuer}/api/v1/accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: nested(10_000),
    });
    expect(answer.status).toBe(401);
  });
});

describe('a path that holds what no id of ours holds', () => {
  it.each(['/continue/%00', '/continue/%00/with/dingtalk', '/bind/again/%00', '/bind/confirm/%00'])(
    'leads to a page that says so, not to a fault: %s',
    async (path) => {
      const browser = new TestBrowser({ cookie: `lingpai_browser=${'a'.repeat(43)}` });
      expect((await browser.get(bed.issuer + path)).status).toBe(400);
    },
  );
});
