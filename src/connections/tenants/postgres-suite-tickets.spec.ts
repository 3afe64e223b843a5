import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/postgres.js';
import { SystemClock } from '../../common/clock.js';
import { Encryption, UnreadableSecretError } from '../../common/encryption.js';
import { Secret } from '../../common/secret.js';
import { createDataSource } from '../../database/data-source.js';
import { PostgresSuiteTickets } from './postgres-suite-tickets.js';

const encryption = new Encryption([Buffer.alloc(32, 7)]);
let database: TestDatabase;
let dataSource: DataSource;
let tickets: PostgresSuiteTickets;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource(new Secret(database.url), 20, () => undefined);
  await dataSource.initialize();
  tickets = new PostgresSuiteTickets(dataSource, encryption, new SystemClock());
});
beforeEach(async () => {
  await dataSource.query('delete from suite_tickets');
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const minute = (of: number) => new Date(Date.UTC(2026, 2, 1, 8, of));
const ticket = (value: string, of: number) => ({
  value: new Secret(value),
  pushedAt: minute(of),
});
const kept = async (suiteId: string) => (await tickets.find(suiteId))?.value.reveal();

describe('the ticket of a suite', () => {
  it('is kept with its time, sealed for its suite', async () => {
    expect(await tickets.find('ww-suite')).toBeUndefined();
    expect(await tickets.save('ww-suite', ticket('ticket-1', 0))).toBe(true);
    expect((await tickets.find('ww-suite'))?.pushedAt).toEqual(minute(0));
    expect(await kept('ww-suite')).toBe('ticket-1');
    expect(JSON.stringify(await dataSource.query('select * from suite_tickets'))).not.toContain(
      'ticket-1',
    );
    await dataSource.query(`update suite_tickets set suite_id = 'ww-other'`);
    await expect(tickets.find('ww-other')).rejects.toThrow(UnreadableSecretError);
  });

  it('is the newest, whichever arrives last', async () => {
    await tickets.save('ww-suite', ticket('ticket-20', 20));
    expect(await tickets.save('ww-suite', ticket('ticket-10', 10))).toBe(false);
    expect(await tickets.save('ww-suite', ticket('other-20', 20))).toBe(false);
    expect(await kept('ww-suite')).toBe('ticket-20');
    expect(await tickets.save('ww-suite', ticket('ticket-30', 30))).toBe(true);
    expect(await kept('ww-suite')).toBe('ticket-30');
  });

  it('is the newest of twenty that are delivered at once', async () => {
    const order = Array.from({ length: 20 }, (_, index) => (index * 7) % 20);
    await Promise.all(order.map((of) => tickets.save('ww-suite', ticket(`ticket-${of}`, of))));
    expect(await kept('ww-suite')).toBe('ticket-19');
  });

  it('is its own: another suite has another', async () => {
    await tickets.save('ww-app', ticket('of-the-app', 0));
    await tickets.save('ww-login', ticket('of-the-login-suite', 10));
    expect([await kept('ww-app'), await kept('ww-login')]).toEqual([
      'of-the-app',
      'of-the-login-suite',
    ]);
  });
});
