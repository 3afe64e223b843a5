import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';

import { recordAccountEvents } from '../../src/account-binding/account-events.js';
import { Sweeper } from '../../src/database/sweeper.js';
import { adminApi, type Api } from '../fixtures/api.js';
import { type Receiver, startReceiver } from '../fixtures/receiver.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import {
  happen,
  makeAccount,
  makeWebhook,
  storedDeliveries,
  transactionOf,
  until,
} from '../fixtures/webhooks.js';

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

interface Told {
  readonly type: string;
  readonly data: { readonly accountId: string };
}

const told = (): Told[] => receiver.received.map(({ body }) => JSON.parse(body) as Told);

describe('what happens to accounts', () => {
  it('is told, signed, to who listens', async () => {
    const { secret, id } = await makeWebhook(api, { url: receiver.url });
    const accountId = await makeAccount(api);
    await receiver.waitFor(1);
    const [got] = receiver.received;
    const headers = got?.headers as Record<string, string>;
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'Lingpai' });
    expect(new Webhook(secret).verify(got?.body ?? '', headers)).toMatchObject({
      type: 'account.created',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: { accountId, reason: 'administrator' },
    });
    expect(got?.body).not.toContain('Lin');
    const stranger = new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(() => stranger.verify(got?.body ?? '', headers)).toThrow('No matching signature found');
    await until(async () => (await storedDeliveries(bed, id))[0]?.status === 'delivered');
    expect(await storedDeliveries(bed, id)).toMatchObject([
      { attempts: 1, lastStatus: 204, lastError: null, nextAttemptAt: null },
    ]);
  });

  it('is told in order, account by account, while nothing fails', async () => {
    await makeWebhook(api, { url: receiver.url });
    const done: Told[] = [];
    receiver.answer = async ({ body }) => {
      await sleep(Math.random() * 60);
      done.push(JSON.parse(body) as Told);
      return 204;
    };
    const accounts = await happen(bed, 12, ['account.created', 'account.bound', 'account.deleted']);
    await until(() => done.length === 36);
    for (const account of accounts) {
      const its = done.filter(({ data }) => data.accountId === account).map(({ type }) => type);
      expect(its).toEqual(['account.created', 'account.bound', 'account.deleted']);
    }
    expect(told()).toHaveLength(36);
  });

  it('goes to those who asked for its kind only', async () => {
    await makeWebhook(api, { url: receiver.url });
    const picky = await startReceiver();
    await makeWebhook(api, { url: picky.url, events: ['account.deleted'] });
    const id = await makeAccount(api);
    const bound = await api('POST', `/accounts/${id}/identities`, {
      body: { connection: 'wecom-hq', subject: 'lin.qiao' },
    });
    const { id: identityId } = bound.body as { id: string };
    await api('DELETE', `/accounts/${id}/identities/${identityId}?force=true`);
    await api('PATCH', `/accounts/${id}`, { body: { status: 'disabled' } });
    await api('DELETE', `/accounts/${id}`);
    await receiver.waitFor(5);
    await picky.waitFor(1);
    expect(told().map(({ type }) => type)).toEqual([
      'account.created',
      'account.bound',
      'account.unbound',
      'account.disabled',
      'account.deleted',
    ]);
    expect(picky.received.map(({ body }) => JSON.parse(body) as Told)).toMatchObject([
      { type: 'account.deleted', data: { accountId: id } },
    ]);
    await picky.stop();
  });

  it('is told once each, by two replicas, when nothing fails', async () => {
    await makeWebhook(api, { url: receiver.url });
    await Promise.all(Array.from({ length: 8 }, () => happen(bed, 25)));
    await receiver.waitFor(200);
    await sleep(1500);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([200, 200]);
  });

  it('is not told when it did not happen', async () => {
    await makeWebhook(api, { url: receiver.url });
    const lost = transactionOf(bed).transaction(async (manager) => {
      await recordAccountEvents(manager, new Date(), [
        { type: 'account.deleted', accountId: '00000000-0000-4000-8000-000000000000' },
      ]);
      throw new Error('rolled back');
    });
    await expect(lost).rejects.toThrow('rolled back');
    await happen(bed, 1);
    await receiver.waitFor(1);
    await sleep(1300);
    expect(told()).toMatchObject([{ type: 'account.created' }]);
  });

  it('is not told to a webhook that is disabled, neither then nor later', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url, enabled: false });
    await happen(bed, 1);
    await until(
      async () =>
        (await bed.query('select 1 from account_events where dispatched_at is null')).length === 0,
    );
    await api('PATCH', `/webhooks/${id}`, { body: { enabled: true } });
    await happen(bed, 1, ['account.bound']);
    await receiver.waitFor(1);
    await sleep(1300);
    expect(told()).toMatchObject([{ type: 'account.bound' }]);
  });
});

describe('a slow receiver', () => {
  it('holds up no other, and gets few at once', async () => {
    const slow = await startReceiver();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    slow.answer = async () => {
      await gate;
      return 200;
    };
    const [{ id }] = [
      await makeWebhook(api, { url: slow.url }),
      await makeWebhook(api, { url: receiver.url }),
    ];
    await happen(bed, 150);
    await receiver.waitFor(150);
    await sleep(1300);
    // Eight from each of the two replicas.
    expect(slow.received).toHaveLength(16);
    release();
    await slow.waitFor(150);
    await until(async () =>
      (await storedDeliveries(bed, id)).every(({ status }) => status === 'delivered'),
    );
    expect(slow.received).toHaveLength(150);
    await slow.stop();
  });
});

describe('a replica that dies between sending and writing down', () => {
  it('is made up for after a minute; what it learns too late changes nothing', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    receiver.answer = async () => {
      if (receiver.received.length > 1) return 200;
      await gate;
      return 500;
    };
    await happen(bed, 1);
    await receiver.waitFor(1);
    await sleep(1300);
    expect(receiver.received).toHaveLength(1);
    bed.clock.advance(61);
    await receiver.waitFor(2);
    await until(async () => (await storedDeliveries(bed, id))[0]?.status === 'delivered');
    release();
    await sleep(500);
    expect(await storedDeliveries(bed, id)).toMatchObject([
      { status: 'delivered', attempts: 2, lastStatus: 200 },
    ]);
    const [first, second] = receiver.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  });
});

describe('after thirty days', () => {
  it('what has ended is forgotten', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url, enabled: false });
    await bed.query(
      `insert into webhook_deliveries (webhook_id, event_id, type, body, status, next_attempt_at, created_at)
       select $1, gen_random_uuid(), name, '{}', status, due, made from (values
         ('delivered, old', 'delivered', null, now() - interval '31 days'),
         ('failed, old', 'failed', null, now() - interval '31 days'),
         ('never sent, old', 'pending', now() - interval '31 days', now() - interval '31 days'),
         ('failed, young', 'failed', null, now() - interval '29 days'),
         ('begun anew', 'pending', now(), now() - interval '31 days')) as row (name, status, due, made)`,
      [id],
    );
    await bed.query(
      `insert into account_events (type, account_id, data, at, dispatched_at) values
         ('old', gen_random_uuid(), '{}', now() - interval '31 days', now()),
         ('young', gen_random_uuid(), '{}', now() - interval '29 days', now())`,
    );
    await bed.replicas[0]?.service.app.get(Sweeper).run();
    expect(await bed.query('select type from webhook_deliveries order by type')).toEqual([
      { type: 'begun anew' },
      { type: 'failed, young' },
    ]);
    expect(await bed.query('select type from account_events')).toEqual([{ type: 'young' }]);
  });
});
