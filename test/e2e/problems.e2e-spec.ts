import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { adminApi, type Api, apiWith } from '../fixtures/api.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  api = await adminApi(bed);
});
afterAll(() => bed.stop());

describe('a request that no route takes', () => {
  it('is answered 404 where nothing is, without a word of what was asked', async () => {
    const answer = await api('GET', '/codes-4711?code=secret-4711');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('allow')).toBeNull();
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'There is nothing at this address.',
      status: 404,
      code: 'not_found',
      instance: answer.headers.get('x-request-id'),
    });
  });

  it.each([
    ['PUT', '/accounts', 'GET, POST'],
    ['PATCH', '/audit-events', 'GET'],
    ['OPTIONS', '/clients', 'GET, POST'],
    ['POST', '/accounts/00000000-0000-4000-8000-000000000000', 'DELETE, GET, PATCH'],
  ])('is answered 405 where others are: %s %s', async (method, path, allow) => {
    const answer = await api(method, path);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.body).toMatchObject({
      status: 405,
      code: 'method_not_allowed',
      title: `This address takes ${allow} only.`,
    });
  });

  it('stays a 404 of a route that looked in vain', async () => {
    const answer = await fetch(`${bed.issuer}/assets/none.css`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'not_found' });
  });
});

describe('a body that cannot be read', () => {
  it.each([
    ['cut off', '{"password":"hunter2-4711"'],
    ['no object', '"hunter2-4711"'],
    ['wrong in the middle', '{"displayName":"a","password":"hunter2-4711",x}'],
  ])('is refused without a word of what it holds: %s', async (_name, body) => {
    const answer = await api('POST', '/accounts', { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'The request cannot be read: its path, its encoding or its JSON is broken.',
      status: 400,
      code: 'request_invalid',
      instance: expect.any(String),
    });
    expect(bed.log()).not.toContain('hunter2-4711');
  });
});

describe('the challenge of an answer', () => {
  it('says what is wrong with the token (RFC 6750)', async () => {
    const challenge = async (caller: Api) =>
      (await caller('GET', '/accounts')).headers.get('www-authenticate');
    expect(await challenge(apiWith(bed, undefined))).toBe('Bearer');
    expect(await challenge(apiWith(bed, 'none-of-ours'))).toBe('Bearer error="invalid_token"');
    expect(await challenge(await adminApi(bed, 'audit:read'))).toBe(
      'Bearer error="insufficient_scope"',
    );
  });
});
