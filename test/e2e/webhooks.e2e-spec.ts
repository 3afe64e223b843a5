import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';

import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { type Receiver, startReceiver } from '../fixtures/receiver.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import {
  happen,
  type MadeWebhook,
  makeWebhook,
  storedDeliveries,
  until,
} from '../fixtures/webhooks.js';

let bed: TestBed;
let api: Api;
let receiver: Receiver;

beforeAll(async () => {
  bed = await openTestBed();
  api = await adminApi(bed);
});
beforeEach(async () => {
  receiver = await startReceiver();
  await bed.query('delete from webhooks');
});
afterEach(() => receiver.stop());
afterAll(() => bed.stop());

const nobody = '00000000-0000-4000-8000-000000000000';
interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

describe('a webhook', () => {
  it('shows its secret once, and keeps it sealed', async () => {
    const created = await api('POST', '/webhooks', { body: { url: receiver.url } });
    const { id, secret } = created.body as MadeWebhook;
    expect(created.body).toEqual({
      id,
      url: receiver.url,
      description: null,
      events: [
        'account.created',
        'account.bound',
        'account.unbound',
        'account.left',
        'account.returned',
        'account.disabled',
        'account.deleted',
      ],
      enabled: true,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      secret: expect.stringMatching(/^whsec_[\w+/]{43}=$/),
    });
    expect(created.headers.get('cache-control')).toBe('no-store');
    const read = await api('GET', `/webhooks/${id}`);
    expect(read.body).toMatchObject({ id, url: receiver.url });
    expect(read.headers.get('etag')).toBe(created.headers.get('etag'));
    const seen = [read.body, (await api('GET', '/webhooks')).body];
    expect(JSON.stringify(seen)).not.toMatch(/whsec_|secret"/);
    const [row] = await bed.query<object>('select * from webhooks');
    expect(JSON.stringify(row)).not.toContain(secret.slice(6));
    expect(bed.log()).not.toContain(secret.slice(6));
  });

  it('signs with its new secret from the moment it has one', async () => {
    const { id, secret } = await makeWebhook(api, { url: receiver.url });
    const renewed = await api('POST', `/webhooks/${id}/secret`);
    expect(renewed.headers.get('cache-control')).toBe('no-store');
    const { secret: next } = renewed.body as MadeWebhook;
    const test = await api('POST', `/webhooks/${id}/test`);
    expect(test.body).toMatchObject({ type: 'webhook.test', status: 'pending', attempts: 0 });
    await receiver.waitFor(1);
    const [got] = receiver.received;
    const headers = got?.headers as Record<string, string>;
    expect(headers['webhook-id']).toBe((test.body as { eventId: string }).eventId);
    expect(got?.body).toBe((test.body as { body: string }).body);
    expect(new Webhook(next).verify(got?.body ?? '', headers)).toEqual({
      type: 'webhook.test',
      timestamp: expect.any(String),
      data: {},
    });
    expect(() => new Webhook(secret).verify(got?.body ?? '', headers)).toThrow();
  });

  it('is listed page by page, and deleted with its deliveries', async () => {
    const made = [];
    for (let index = 0; index < 3; index += 1)
      made.push((await makeWebhook(api, { url: receiver.url })).id);
    const first = (await api('GET', '/webhooks?limit=2')).body as Page<MadeWebhook>;
    const cursor = first.nextCursor ?? '';
    const rest = (await api('GET', `/webhooks?limit=2&cursor=${cursor}`)).body as Page<MadeWebhook>;
    expect([first.items.length, rest.items.length, rest.nextCursor]).toEqual([2, 1, null]);
    expect([...first.items, ...rest.items].map(({ id }) => id).sort()).toEqual(made.sort());
    const [id = ''] = made;
    await api('POST', `/webhooks/${id}/test`);
    expect((await api('DELETE', `/webhooks/${id}`)).status).toBe(204);
    expect((await api('GET', `/webhooks/${id}`)).status).toBe(404);
    expect(await storedDeliveries(bed, id)).toEqual([]);
  });

  it('changes as it is told to, for who saw the last version', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url, description: 'HR' });
    const path = `/webhooks/${id}`;
    const changed = await api('PATCH', path, {
      body: { events: ['account.bound'], enabled: false, description: null },
    });
    expect(changed.body).toMatchObject({
      url: receiver.url,
      description: null,
      events: ['account.bound'],
      enabled: false,
    });
    const headers = { 'if-match': changed.headers.get('etag') ?? '' };
    const both = await Promise.all(
      ['a', 'b'].map((description) => api('PATCH', path, { body: { description }, headers })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(both.find(({ status }) => status === 412)?.body).toMatchObject({
      code: 'precondition_failed',
    });
  });

  it('is audited with who did it, without the address', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    await api('PATCH', `/webhooks/${id}`, { body: { url: `${receiver.url}2` } });
    await api('POST', `/webhooks/${id}/secret`);
    const test = (await api('POST', `/webhooks/${id}/test`)).body as { id: string };
    await api('POST', `/webhooks/${id}/deliveries/${test.id}/retry`);
    await api('DELETE', `/webhooks/${id}`);
    await until(async () => {
      const [last] = await bed.query('select 1 from audit_events where action = $1', [
        'webhook.delete',
      ]);
      return last !== undefined;
    });
    const { items } = (await api('GET', '/audit-events?limit=6')).body as Page<object>;
    expect(items).toMatchObject([
      { action: 'webhook.delete', actor: 'client:admin', details: { webhook: id } },
      { action: 'webhook.retry', details: { webhook: id, delivery: test.id } },
      { action: 'webhook.test', details: { webhook: id, delivery: test.id } },
      { action: 'webhook.secret', details: { webhook: id } },
      { action: 'webhook.update', details: { webhook: id, changed: ['url'] } },
      { action: 'webhook.create', actor: 'client:admin', details: { webhook: id } },
    ]);
    expect(JSON.stringify(items)).not.toContain('127.0.0.1:');
    expect(bed.log()).not.toContain('secret-in-the-url');
  });
});

describe('its deliveries', () => {
  it('are listed, the newest first, page by page and by status', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    receiver.answer = ({ body }) => (body.includes('account.bound') ? 500 : 204);
    await happen(bed, 2, ['account.created', 'account.bound']);
    await receiver.waitFor(4);
    await until(async () =>
      (await storedDeliveries(bed, id)).every(({ lastStatus }) => lastStatus !== null),
    );
    const path = `/webhooks/${id}/deliveries`;
    const first = (await api('GET', `${path}?limit=3`)).body as Page<{ type: string }>;
    const rest = (await api('GET', `${path}?limit=3&cursor=${first.nextCursor ?? ''}`))
      .body as Page<{ type: string }>;
    expect([...first.items, ...rest.items].map(({ type }) => type)).toEqual([
      'account.bound',
      'account.bound',
      'account.created',
      'account.created',
    ]);
    expect(rest.nextCursor).toBeNull();
    const pending = (await api('GET', `${path}?status=pending`)).body as Page<object>;
    const delivered = (await api('GET', `${path}?status=delivered`)).body as Page<{ id: string }>;
    expect(pending.items).toHaveLength(2);
    expect(pending.items[0]).toEqual({
      id: expect.any(String),
      eventId: expect.any(String),
      type: 'account.bound',
      status: 'pending',
      attempts: 1,
      nextAttemptAt: expect.any(String),
      lastStatus: 500,
      lastError: 'HTTP 500',
      createdAt: expect.any(String),
      deliveredAt: null,
    });
    expect(delivered.items).toMatchObject([
      { status: 'delivered', lastStatus: 204, nextAttemptAt: null, lastError: null },
      { deliveredAt: expect.any(String) },
    ]);
    const one = await api('GET', `${path}/${delivered.items[0]?.id ?? ''}`);
    expect(receiver.received.map(({ body }) => body)).toContain(
      (one.body as { body: string }).body,
    );
  });

  it('are seen through their own webhook only', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    const { id: other } = await makeWebhook(api, { url: receiver.url });
    const test = (await api('POST', `/webhooks/${id}/test`)).body as { id: string };
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/retry'],
    ] as const) {
      const answer = await api(method, `/webhooks/${other}/deliveries/${test.id}${path}`);
      expect(answer.body).toMatchObject({ status: 404, code: 'delivery_not_found' });
    }
  });
});

describe('the API refuses', () => {
  it.each(['nonsense', nobody])('what is not there: %s', async (unknown) => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/secret'],
      ['POST', '/test'],
      ['GET', '/deliveries'],
      ['GET', `/deliveries/${nobody}`],
      ['POST', `/deliveries/${nobody}/retry`],
    ] as const) {
      const call = method === 'PATCH' ? { body: {} } : {};
      const answer = await api(method, `/webhooks/${unknown}${path}`, call);
      expect(answer.body).toMatchObject({ status: 404, code: 'webhook_not_found' });
    }
    const path = `/webhooks/${id}/deliveries/${unknown}`;
    for (const answer of [await api('GET', path), await api('POST', `${path}/retry`)])
      expect(answer.body).toMatchObject({ status: 404, code: 'delivery_not_found' });
  });

  it('faulty fields, and names each', async () => {
    const faulty = {
      url: 'ftp://x/',
      events: ['nonsense'],
      enabled: 'yes',
      description: 'x'.repeat(201),
      more: 1,
    };
    const { id } = await makeWebhook(api, { url: receiver.url });
    for (const [method, path] of [
      ['POST', '/webhooks'],
      ['PATCH', `/webhooks/${id}`],
    ] as const) {
      const answer = await api(method, path, { body: faulty });
      expect(answer.status).toBe(400);
      const { errors } = answer.body as { errors: { field: string }[] };
      expect(errors.map(({ field }) => field).sort()).toEqual([
        'description',
        'enabled',
        'events',
        'more',
        'url',
      ]);
    }
    expect((await api('POST', '/webhooks', { body: {} })).body).toMatchObject({
      status: 400,
      errors: [{ field: 'url' }],
    });
    for (const query of ['?status=lost', '?limit=0', '?cursor=nonsense'])
      expect((await api('GET', `/webhooks/${id}/deliveries${query}`)).status).toBe(400);
  });

  it('who may not', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    const reader = apiWith(bed, await machineToken(bed, admin, 'webhooks:read'));
    expect((await reader('GET', `/webhooks/${id}/deliveries`)).status).toBe(200);
    for (const [method, path] of [
      ['POST', ''],
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
      ['POST', `/${id}/secret`],
      ['POST', `/${id}/test`],
      ['POST', `/${id}/deliveries/${nobody}/retry`],
    ] as const)
      expect((await reader(method, `/webhooks${path}`, { body: {} })).status).toBe(403);
    const writer = apiWith(bed, await machineToken(bed, admin, 'webhooks:write'));
    expect((await writer('GET', '/webhooks')).status).toBe(403);
    expect((await apiWith(bed, undefined)('GET', '/webhooks')).status).toBe(401);
  });
});
