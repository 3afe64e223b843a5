import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';

import { adminApi, type Api } from '../fixtures/api.js';
import { type Receiver, startReceiver } from '../fixtures/receiver.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { happen, makeWebhook, storedDeliveries, until } from '../fixtures/webhooks.js';

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

/** How long until the next attempt, on the clock. */
async function pauseSeconds(webhookId: string): Promise<number> {
  const [delivery] = await storedDeliveries(bed, webhookId);
  return ((delivery?.nextAttemptAt?.getTime() ?? 0) - bed.clock.now().getTime()) / 1000;
}

describe('a delivery that fails', () => {
  it('is tried again with the same id and the same bytes, signed anew', async () => {
    const { id, secret } = await makeWebhook(api, { url: receiver.url });
    receiver.answer = () => 500;
    await happen(bed, 1);
    await until(async () => (await storedDeliveries(bed, id))[0]?.lastStatus === 500);
    expect(await storedDeliveries(bed, id)).toMatchObject([
      { status: 'pending', attempts: 1, lastError: 'HTTP 500' },
    ]);
    const pause = await pauseSeconds(id);
    expect(pause).toBeGreaterThan(3);
    expect(pause).toBeLessThanOrEqual(6);
    receiver.answer = () => 200;
    bed.clock.advance(7);
    await receiver.waitFor(2);
    const [first, second] = receiver.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp']);
    const headers = second?.headers as Record<string, string>;
    expect(new Webhook(secret).verify(second?.body ?? '', headers)).toBeDefined();
    await until(async () => (await storedDeliveries(bed, id))[0]?.status === 'delivered');
    expect(bed.log()).toContain('a webhook delivery failed');
    expect(bed.log()).toContain(new URL(receiver.url).origin);
    expect(bed.log()).not.toContain('secret-in-the-url');
  });

  it('does not hold up what comes after it', async () => {
    await makeWebhook(api, { url: receiver.url });
    receiver.answer = ({ body }) => (body.includes('account.created') ? 500 : 204);
    await happen(bed, 1, ['account.created', 'account.bound']);
    await receiver.waitFor(2);
    const types = receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types).toEqual(['account.created', 'account.bound']);
  });

  it('is given up after nine attempts in two days, and begins anew when asked to', async () => {
    const { id } = await makeWebhook(api, { url: 'http://127.0.0.1:1/' });
    const start = bed.clock.now().getTime();
    await happen(bed, 1);
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      await until(async () => {
        const [now] = await storedDeliveries(bed, id);
        // While it is sent, the lease stands where the next attempt will: a minute ahead.
        const open = Math.abs((await pauseSeconds(id)) - 60) < 5;
        return now?.attempts === attempt && now.lastError === 'ECONNREFUSED' && !open;
      });
      if (attempt < 9) bed.clock.advance(Math.ceil(await pauseSeconds(id)) + 1);
    }
    expect(await storedDeliveries(bed, id)).toMatchObject([{ status: 'failed', attempts: 9 }]);
    const hours = (bed.clock.now().getTime() - start) / 3_600_000;
    expect(hours).toBeGreaterThan(40);
    expect(hours).toBeLessThan(49);
    bed.clock.reset();
    const [{ id: deliveryId } = { id: '' }] = await storedDeliveries(bed, id);
    await api('PATCH', `/webhooks/${id}`, { body: { url: receiver.url } });
    const retried = await api('POST', `/webhooks/${id}/deliveries/${deliveryId}/retry`);
    expect(retried.body).toMatchObject({ status: 'pending', attempts: 0, lastStatus: null });
    await receiver.waitFor(1);
    await until(async () => (await storedDeliveries(bed, id))[0]?.status === 'delivered');
  });

  it('waits as long as the receiver asks', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    receiver.answer = () => [429, { 'retry-after': '3600' }];
    await happen(bed, 1);
    await until(async () => (await storedDeliveries(bed, id))[0]?.lastStatus === 429);
    expect(await pauseSeconds(id)).toBeGreaterThan(3500);
  });

  it('with 410 disables the webhook, and the rest waits', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    receiver.answer = () => 410;
    await happen(bed, 1);
    const enabled = async (): Promise<unknown> =>
      ((await api('GET', `/webhooks/${id}`)).body as { enabled: boolean }).enabled;
    await until(async () => (await enabled()) === false);
    expect(await storedDeliveries(bed, id)).toMatchObject([{ status: 'failed', lastStatus: 410 }]);
    await api('POST', `/webhooks/${id}/test`);
    await sleep(1300);
    expect(receiver.received).toHaveLength(1);
    receiver.answer = () => 204;
    await api('PATCH', `/webhooks/${id}`, { body: { enabled: true } });
    await receiver.waitFor(2);
    const events = (await api('GET', '/audit-events?action=webhook.disable')).body as object;
    expect(events).toMatchObject({ items: [{ outcome: 'ok', details: { webhook: id } }] });
  });

  it('with 410 leaves a webhook alone that was moved meanwhile', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    const next = await startReceiver();
    receiver.answer = async () => {
      await api('PATCH', `/webhooks/${id}`, { body: { url: next.url } });
      return 410;
    };
    await happen(bed, 1);
    await until(async () => (await storedDeliveries(bed, id))[0]?.status === 'failed');
    await happen(bed, 1);
    await next.waitFor(1);
    await next.stop();
  });

  it('for want of the right key says so', async () => {
    const { id } = await makeWebhook(api, { url: receiver.url });
    await bed.query(`update webhooks set secret = 'v1.nonsense'`);
    await happen(bed, 1);
    await until(async () => (await storedDeliveries(bed, id))[0]?.lastError != null);
    expect(await storedDeliveries(bed, id)).toMatchObject([
      { status: 'pending', lastError: 'the secret cannot be opened with SECRET_KEY: renew it' },
    ]);
    expect(receiver.received).toEqual([]);
  });
});
