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

describe('a faulty field', () => {
  it('is told what it must be, not how long', async () => {
    const faultsOf = async (body: object) =>
      (await api('POST', '/accounts', { body })).body as { errors: unknown };
    expect((await faultsOf({ displayName: 5, roles: 'staff' })).errors).toEqual([
      { field: 'displayName', message: 'must be a string' },
      { field: 'roles', message: 'must be an array' },
    ]);
    expect((await faultsOf({ displayName: '' })).errors).toEqual([
      { field: 'displayName', message: 'must be longer than or equal to 1 characters' },
    ]);
    const none = await api('PUT', '/accounts/00000000-0000-4000-8000-000000000000/password', {
      body: {},
    });
    expect(none.body).toMatchObject({
      errors: [{ field: 'password', message: 'must be a string' }],
    });
  });
});

describe('what a call does not look at', () => {
  const unknown = (field: string) => ({
    status: 400,
    code: 'request_invalid',
    errors: [{ field, message: 'is not a known field' }],
  });

  it('is refused as a parameter, before anything is done', async () => {
    const { id } = (await api('POST', '/accounts', { body: {} })).body as { id: string };
    expect((await api('DELETE', `/accounts/${id}?dryRun=true`)).body).toMatchObject(
      unknown('dryRun'),
    );
    expect((await api('GET', `/accounts/${id}?fields=id`)).body).toMatchObject(unknown('fields'));
    expect((await api('GET', `/accounts/${id}`)).status).toBe(200);
  });

  it.each([
    ['POST', '/signing-keys/rotate', 'alg'],
    ['POST', '/connections/dingtalk/check', 'deep'],
    ['POST', '/clients/portal/secret', 'clientSecret'],
  ])('is refused in the body of a call that takes none: %s %s', async (method, path, field) => {
    const answer = await api(method, path, { body: { [field]: 'x' } });
    expect(answer.body).toMatchObject(unknown(field));
  });

  it.each([
    ['text', 'text/plain'],
    ['XML', 'application/xml'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['nothing that has a name', ''],
  ])('is refused as a body that is %s', async (_name, type) => {
    const answer = await api('POST', '/accounts', {
      body: 'displayName=x',
      headers: { 'content-type': type },
    });
    expect(answer.body).toMatchObject({ status: 415, code: 'request_invalid' });
    expect((await api('GET', '/accounts?q=x')).body).toMatchObject({ items: [] });
  });

  it('is not found in an empty body, of whatever kind it is said to be', async () => {
    const answer = await api('POST', '/connections/dingtalk/check', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(200);
  });
});

describe('a short list', () => {
  const page = async (path: string) => {
    const answer = await api('GET', path);
    expect(answer.status).toBe(200);
    return answer.body as { items: Record<string, unknown>[]; nextCursor: string | null };
  };

  it.each([
    ['/signing-keys', 'kid', 2],
    ['/connections/wecom-hq/tokens', 'kind', 3],
  ])('comes in pages, too: %s', async (path, key, count) => {
    await api('POST', '/signing-keys/rotate');
    const whole = await page(path);
    expect(whole).toMatchObject({ nextCursor: null });
    expect(whole.items).toHaveLength(count);
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: Awaited<ReturnType<typeof page>> = await page(
        `${path}?limit=1${cursor && `&cursor=${cursor}`}`,
      );
      expect(next.items).toHaveLength(1);
      seen.push(next.items[0]?.[key]);
      cursor = next.nextCursor;
    }
    expect(seen).toEqual(whole.items.map((item) => item[key]));
  });

  it.each(['/signing-keys', '/connections/wecom-hq/tokens'])(
    'refuses what no list takes: %s',
    async (path) => {
      for (const query of ['limit=0', 'limit=201', 'cursor=abc', 'cursor=WyJub25lIl0', 'page=2'])
        expect((await api('GET', `${path}?${query}`)).body).toMatchObject({
          status: 400,
          errors: [{ field: query.split('=')[0] }],
        });
    },
  );

  it('is that of an account’s identities', async () => {
    const { id } = (await api('POST', '/accounts', { body: {} })).body as { id: string };
    for (const [connection, subject] of [
      ['dingtalk', 'union0001'],
      ['wecom-hq', 'lin.qiao'],
    ])
      await api('POST', `/accounts/${id}/identities`, { body: { connection, subject } });
    const first = await page(`/accounts/${id}/identities?limit=1`);
    expect(first.items.map(({ subject }) => subject)).toEqual(['union0001']);
    const rest = await page(`/accounts/${id}/identities?cursor=${String(first.nextCursor)}`);
    expect(rest.items.map(({ subject }) => subject)).toEqual(['lin.qiao']);
    expect(rest.nextCursor).toBeNull();

    // Whoever takes off what a page names goes on to the next.
    const gone = `/accounts/${id}/identities/${String(first.items[0]?.['id'])}?force=true`;
    expect((await api('DELETE', gone)).status).toBe(204);
    const same = await page(`/accounts/${id}/identities?cursor=${String(first.nextCursor)}`);
    expect(same.items.map(({ subject }) => subject)).toEqual(['lin.qiao']);
  });
});
