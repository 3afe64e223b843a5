import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { DataSource } from 'typeorm';

import { recordAccountEvents } from '../../src/account-binding/account-events.js';
import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { type Receiver, startReceiver } from '../fixtures/receiver.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;
let receiver: Receiver;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  api = await adminApi(bed);
});
beforeEach(async () => {
  bed.clock.reset();
  receiver = await startReceiver();
  await bed.query('delete from webhooks');
  await bed.query('delete from account_events');
});
afterEach(() => receiver.stop());
afterAll(() => bed.stop());

interface Made {
  readonly id: string;
  readonly secret: string;
}

async function listen(fields: object = {}): Promise<Made> {
  const answer = await api('POST', '/webhooks', { body: { url: receiver.url, ...fields } });
  expect(answer.status).toBe(201);
  return answer.body as Made;
}

async function createAccount(): Promise<string> {
  return ((await api('POST', '/accounts', { body: { displayName: 'Lin' } })).body as { id: string })
    .id;
}

interface Delivery {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly [field: string]: unknown;
}

async function deliveries(id: string, query = ''): Promise<Delivery[]> {
  const { items } = (await api('GET', `/webhooks/${id}/deliveries${query}`)).body as {
    items: Delivery[];
  };
  return items;
}

/** The same past the API: a token does not live as long as some of these tests last on the clock. */
function stored(id: string): Promise<Delivery[]> {
  return bed.query<Delivery>(
    `select id, status, attempts, last_status as "lastStatus", last_error as "lastError", next_attempt_at as "nextAttemptAt"
       from webhook_deliveries where webhook_id = $1 order by seq desc`,
    [id],
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await condition()); waited += 50) {
    if (waited > 10_000) throw new Error('waited in vain');
    await sleep(50);
  }
}

/** No attempt is under way: the lease is a minute, every pause after the third failure is longer. */
function settled(delivery: Delivery): boolean {
  if (delivery.status === 'failed') return true;
  const next = (delivery['nextAttemptAt'] as Date).getTime() - bed.clock.now().getTime();
  return next < 55_000 || next > 65_000;
}

describe('a webhook', () => {
  it('is told, signed, what happens to accounts', async () => {
    const { secret, id } = await listen();
    const accountId = await createAccount();
    await receiver.waitFor(1);
    const [got] = receiver.received;
    const headers = got?.headers as Record<string, string>;
    expect(new Webhook(secret).verify(got?.body ?? '', headers)).toMatchObject({
      type: 'account.created',
      data: { accountId, reason: 'administrator' },
    });
    expect(got?.body).not.toContain('Lin');
    const stranger = new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(() => stranger.verify(got?.body ?? '', headers)).toThrow();
    await until(async () => (await deliveries(id))[0]?.status === 'delivered');
    expect(await deliveries(id)).toMatchObject([
      { type: 'account.created', status: 'delivered', attempts: 1, lastStatus: 204 },
    ]);
  });

  it('hears of binding, unbinding, disabling and deleting, or of what it asked for', async () => {
    await listen();
    const { id: picky } = await listen({ events: ['account.deleted'] });
    const id = await createAccount();
    const bound = await api('POST', `/accounts/${id}/identities`, {
      body: { connection: 'wecom-hq', subject: 'lin.qiao' },
    });
    const { id: identityId } = bound.body as { id: string };
    await api('DELETE', `/accounts/${id}/identities/${identityId}?force=true`);
    await api('PATCH', `/accounts/${id}`, { body: { status: 'disabled' } });
    await api('DELETE', `/accounts/${id}`);
    await receiver.waitFor(6);
    const types = receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types.sort()).toEqual([
      'account.bound',
      'account.created',
      'account.deleted',
      'account.deleted',
      'account.disabled',
      'account.unbound',
    ]);
    expect(await deliveries(picky)).toHaveLength(1);
  });

  it('is tried again after a failure, with the same id and the same bytes', async () => {
    const { id } = await listen();
    receiver.answer = () => 500;
    await createAccount();
    await receiver.waitFor(1);
    await until(async () => (await deliveries(id))[0]?.['lastStatus'] === 500);
    expect(await deliveries(id, '?status=pending')).toMatchObject([
      { status: 'pending', attempts: 1, lastError: 'HTTP 500' },
    ]);
    receiver.answer = () => 200;
    bed.clock.advance(7);
    await receiver.waitFor(2);
    const [first, second] = receiver.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
    await until(async () => (await deliveries(id))[0]?.status === 'delivered');
  });

  it('that is down is told when it is back, and given up after nine failures in two days', async () => {
    const { id } = await listen({ url: 'http://127.0.0.1:1/' });
    await createAccount();
    await until(async () => (await stored(id))[0]?.['lastError'] === 'ECONNREFUSED');
    for (let attempt = 1; attempt < 9; attempt += 1) {
      const [delivery] = await stored(id);
      expect(delivery).toMatchObject({ status: 'pending', attempts: attempt });
      const waits = (delivery?.['nextAttemptAt'] as Date).getTime() - bed.clock.now().getTime();
      bed.clock.advance(Math.ceil(waits / 1000) + 1);
      await until(async () => {
        const [now] = await stored(id);
        return now?.attempts === attempt + 1 && now['lastError'] !== null && settled(now);
      });
    }
    expect(await stored(id)).toMatchObject([{ status: 'failed', attempts: 9 }]);
    bed.clock.reset();
    const [{ id: deliveryId } = { id: '' }] = await stored(id);
    await api('PATCH', `/webhooks/${id}`, { body: { url: receiver.url } });
    const retried = await api('POST', `/webhooks/${id}/deliveries/${deliveryId}/retry`);
    expect(retried.body).toMatchObject({ status: 'pending', body: expect.stringMatching(/^{/) });
    await receiver.waitFor(1);
  });

  it('that asks for time gets it, and one that is gone is disabled', async () => {
    const { id } = await listen();
    receiver.answer = () => [429, { 'retry-after': '3600' }];
    await createAccount();
    await until(async () => (await stored(id))[0]?.['lastStatus'] === 429);
    const [delivery] = await stored(id);
    const wait = (delivery?.['nextAttemptAt'] as Date).getTime() - bed.clock.now().getTime();
    expect(wait).toBeGreaterThan(3_500_000);
    receiver.answer = () => 410;
    bed.clock.advance(3700);
    await until(async () => (await stored(id))[0]?.status === 'failed');
    await until(
      async () =>
        (await bed.query('select 1 from webhooks where id = $1 and not enabled', [id])).length > 0,
    );
  });

  it('that is slow does not hold up another', async () => {
    const slow = await startReceiver();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    slow.answer = async () => {
      await gate;
      return 200;
    };
    await listen({ url: slow.url });
    await listen();
    for (let index = 0; index < 20; index += 1) await createAccount();
    await receiver.waitFor(20);
    release();
    await slow.waitFor(20);
    await slow.stop();
  });

  it('does not follow redirects', async () => {
    const other = await startReceiver();
    const { id } = await listen();
    receiver.answer = () => [302, { location: other.url }];
    await createAccount();
    await until(async () => (await deliveries(id))[0]?.['lastStatus'] === 302);
    expect(other.received).toEqual([]);
    await other.stop();
  });
});

describe('the outbox', () => {
  it('of two replicas delivers each event once, when nothing fails', async () => {
    await listen();
    await bed.query(
      `insert into account_events (type, account_id, data, at)
       select 'account.created', gen_random_uuid(), '{}', now() from generate_series(1, 200)`,
    );
    await receiver.waitFor(200);
    await sleep(1500);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([200, 200]);
  });

  it('delivers what a replica had taken that died on the way', async () => {
    const { id } = await listen();
    await bed.query(
      `insert into webhook_deliveries (webhook_id, event_id, type, body, attempts, next_attempt_at, created_at)
       values ($1, gen_random_uuid(), 'account.created', '{}', 1, now() + interval '60 seconds', now())`,
      [id],
    );
    await sleep(1500);
    expect(receiver.received).toEqual([]);
    bed.clock.advance(61);
    await receiver.waitFor(1);
    await until(async () => (await deliveries(id))[0]?.status === 'delivered');
  });

  it('tells nothing that did not happen', async () => {
    await listen();
    const dataSource = bed.replicas[0]?.service.app.get(DataSource) as DataSource;
    await dataSource
      .transaction(async (manager) => {
        await recordAccountEvents(manager, new Date(), [
          { type: 'account.deleted', accountId: '00000000-0000-4000-8000-000000000000' },
        ]);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await createAccount();
    await receiver.waitFor(1);
    await sleep(1200);
    expect(receiver.received).toHaveLength(1);
  });

  it('keeps quiet towards a webhook that is disabled', async () => {
    const { id } = await listen({ enabled: false });
    await createAccount();
    await sleep(1500);
    expect(receiver.received).toEqual([]);
    expect(await deliveries(id)).toEqual([]);
  });
});

describe('the API', () => {
  it('shows the secret once, and keeps it sealed', async () => {
    const { id, secret } = await listen({ description: 'HR' });
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    const read = await api('GET', `/webhooks/${id}`);
    expect(read.body).toMatchObject({ id, description: 'HR', enabled: true, url: receiver.url });
    expect(JSON.stringify(read.body)).not.toContain('whsec_');
    expect(JSON.stringify(await bed.query('select * from webhooks'))).not.toContain(
      secret.slice(6),
    );
    const renewed = await api('POST', `/webhooks/${id}/secret`);
    const { secret: next } = renewed.body as Made;
    await api('POST', `/webhooks/${id}/test`);
    await receiver.waitFor(1);
    const [got] = receiver.received;
    const headers = got?.headers as Record<string, string>;
    expect(new Webhook(next).verify(got?.body ?? '', headers)).toMatchObject({
      type: 'webhook.test',
    });
    expect(() => new Webhook(secret).verify(got?.body ?? '', headers)).toThrow();
    expect(bed.log()).not.toContain('secret-in-the-url');
  });

  it('lists page by page, changes under an entity tag, and deletes', async () => {
    const made = [await listen(), await listen(), await listen()];
    const first = (await api('GET', '/webhooks?limit=2')).body as {
      items: Made[];
      nextCursor: string;
    };
    const rest = (await api('GET', `/webhooks?cursor=${first.nextCursor}`)).body as {
      items: Made[];
    };
    expect([...first.items, ...rest.items].map(({ id }) => id).sort()).toEqual(
      made.map(({ id }) => id).sort(),
    );
    const path = `/webhooks/${made[0]?.id ?? ''}`;
    const headers = { 'if-match': (await api('GET', path)).headers.get('etag') ?? '' };
    const both = await Promise.all(
      ['a', 'b'].map((description) => api('PATCH', path, { body: { description }, headers })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await api('DELETE', path)).status).toBe(204);
  });

  it('refuses what is not there, faulty, or not permitted', async () => {
    const { id } = await listen();
    for (const unknown of ['nonsense', '00000000-0000-4000-8000-000000000000']) {
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['PATCH', '', {}],
        ['DELETE', '', undefined],
        ['POST', '/secret', undefined],
        ['POST', '/test', undefined],
        ['GET', '/deliveries', undefined],
      ] as const) {
        const answer = await api(method, `/webhooks/${unknown}${path}`, body && { body });
        expect(answer.body).toMatchObject({ status: 404, code: 'webhook_not_found' });
      }
      expect((await api('GET', `/webhooks/${id}/deliveries/${unknown}`)).body).toMatchObject({
        status: 404,
        code: 'delivery_not_found',
      });
      expect((await api('POST', `/webhooks/${id}/deliveries/${unknown}/retry`)).body).toMatchObject(
        { status: 404, code: 'delivery_not_found' },
      );
    }
    const faulty = await api('POST', '/webhooks', {
      body: { url: 'ftp://u:p@x/', events: ['nonsense'], enabled: 'yes', more: 1 },
    });
    expect(faulty.status).toBe(400);
    expect(
      (faulty.body as { errors: { field: string }[] }).errors.map(({ field }) => field).sort(),
    ).toEqual(['enabled', 'events', 'more', 'url']);
    const reader = apiWith(bed, await machineToken(bed, admin, 'webhooks:read'));
    expect((await reader('GET', '/webhooks')).status).toBe(200);
    expect((await reader('POST', '/webhooks', { body: { url: receiver.url } })).status).toBe(403);
    expect((await apiWith(bed, undefined)('GET', '/webhooks')).status).toBe(401);
  });
});
