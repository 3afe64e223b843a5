import { request as open } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Api, adminApi } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

const form = 'application/x-www-form-urlencoded';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  api = await adminApi(bed);
});
afterAll(() => bed.stop());

interface Sent {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

/** Sends a body without saying how long it is, and goes on sending after the answer has come. */
function sendInChunks(path: string, type: string, chunks: number): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const sending = open(
      bed.issuer + path,
      { method: 'POST', headers: { 'content-type': type } },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'], text }),
        );
      },
    );
    sending.on('error', reject);
    for (let index = 0; index < chunks; index += 1) sending.write('a'.repeat(16 * 1024));
    sending.end();
  });
}

describe('JSON for the API', () => {
  it('may hold 100 kB', async () => {
    const body = { displayName: 'a', avatarUrl: `https://example.com/${'a'.repeat(90_000)}` };
    expect((await api('POST', '/accounts', { body })).status).toBe(400);
  });

  it('that is larger is refused as such', async () => {
    const answer = await api('POST', '/accounts', { body: { displayName: 'a'.repeat(110_000) } });
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'The body is too large.',
      status: 413,
      code: 'request_invalid',
      instance: expect.any(String),
    });
  });

  it('that goes on and on is refused, also without a length', async () => {
    const answer = await sendInChunks('/api/v1/accounts', 'application/json', 100);
    expect(answer).toMatchObject({ status: 413, type: expect.stringMatching(/problem/) });
  });

  it('that is none is refused in the same words', async () => {
    const answer = await api('POST', '/accounts', { body: '{"displayName":' });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ status: 400, code: 'request_invalid' });
    expect(JSON.stringify(answer.body)).not.toContain('displayName');
  });
});

describe('a form', () => {
  it('for a page may hold 100 kB, and no more', async () => {
    const send = (length: number) =>
      fetch(`${bed.issuer}/continue/abc/phone`, {
        method: 'POST',
        headers: { 'content-type': form },
        body: `phone=${'1'.repeat(length)}`,
        redirect: 'manual',
      });
    expect((await send(90_000)).status).toBe(400);
    expect((await send(110_000)).status).toBe(413);
  });

  it('for a page may have a thousand fields', async () => {
    const answer = await fetch(`${bed.issuer}/continue/abc/phone`, {
      method: 'POST',
      headers: { 'content-type': form },
      body: 'a=1&'.repeat(1001),
      redirect: 'manual',
    });
    expect(answer.status).toBe(413);
  });

  it.each(['/token', '/introspect', '/revoke'])(
    'for the engine may hold 56 KiB, and no more: %s',
    async (path) => {
      const send = (length: number) =>
        fetch(bed.issuer + path, {
          method: 'POST',
          headers: { 'content-type': form },
          body: `client_id=${admin.clientId}&client_secret=${admin.clientSecret}&x=${'a'.repeat(length)}`,
        });
      expect((await send(50_000)).status).toBe(400);
      for (const answer of [await send(60_000), await send(4_000_000)]) {
        expect(answer.status).toBe(413);
        expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
        expect(answer.headers.get('cache-control')).toBe('no-store');
        expect(await answer.json()).toEqual({
          error: 'invalid_request',
          error_description: 'request_too_large: The body must not be larger than 56 KiB.',
        });
      }
    },
  );

  it('for the engine is refused as such also without a length', async () => {
    for (const chunks of [5, 200]) {
      const answer = await sendInChunks('/token', form, chunks);
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.text)).toMatchObject({ error: 'invalid_request' });
    }
  });

  it.each([
    ['small', 20],
    ['long', 50_000],
  ])('is what the engine takes alone: it says so to %s JSON', async (_what, length) => {
    const answer = await fetch(`${bed.issuer}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grant_type: 'a'.repeat(length) }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: 'invalid_request',
      error_description:
        'only application/x-www-form-urlencoded content-type bodies are supported on POST /token',
    });
  });

  it('for a page of the engine is answered with a page', async () => {
    const answer = await fetch(`${bed.issuer}/logout/confirm`, {
      method: 'POST',
      headers: { 'content-type': form },
      body: `xsrf=${'a'.repeat(60_000)}`,
    });
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await answer.text()).toContain(answer.headers.get('x-request-id') ?? 'no request id');
  });
});

it('nothing of it was a fault of ours', () => {
  expect(bed.log()).not.toMatch(/"level":(?:50|"error")/);
});
