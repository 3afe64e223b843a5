import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource, type QueryRunner } from 'typeorm';

import { adminApi, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let token: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  bed = await openTestBed();
  token = await machineToken(bed, admin);
});
beforeEach(async () => {
  await bed.query('delete from accounts');
  await bed.query('delete from account_events');
});
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));
afterAll(() => bed.stop());

/** Begins an import as a caller that says when it sends and when it goes. */
async function begin(base = bed.issuer): Promise<Socket> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(
    `POST /api/v1/accounts/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  return socket;
}

function send(socket: Socket, text: string): void {
  socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

async function answered(socket: Socket, words: string): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes(words)) return text;
  }
  throw new Error(`the answer ended without ${words}: ${text.slice(-300)}`);
}

const person = (index: number) =>
  `${JSON.stringify({ identities: [{ connection: 'wecom-hq', subject: `p${index}` }] })}\n`;
const people = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => person(from + index)).join('');
const count = async (table: string) => (await bed.query(`select 1 from ${table}`)).length;

/** The last import in the audit, once there is one with these counts. */
async function audited(created: number): Promise<unknown> {
  for (let tries = 0; tries < 50; tries += 1) {
    const [event] = await bed.query<{ details: { created: number } }>(
      `select outcome, details from audit_events where action = 'account.import' order by id desc limit 1`,
    );
    if (event?.details.created === created) return event;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the import is not in the audit');
}

/** A transaction of somebody else, which the test ends. */
async function elsewhere(sql: string, parameters: unknown[] = []): Promise<QueryRunner> {
  const runner = bed.replicas[0]!.service.app.get(DataSource).createQueryRunner();
  await runner.startTransaction();
  await runner.query(sql, parameters);
  return runner;
}

async function untilSomebodyWaits(): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const waiting = await bed.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nobody waits for a lock');
}

const errorsIn = (log: string) =>
  log.split('\n').filter((line) => line.includes('"level":"error"'));

describe('the stream of an import', () => {
  it('is answered while it is read, and leaves whole rows when the caller goes away', async () => {
    const socket = await begin();
    const logged = bed.log().length;
    send(socket, people(0, 1200));
    // Two whole batches are answered; the third waits for more.
    await answered(socket, '"line":1000,');
    socket.destroy();
    expect(await audited(1000)).toEqual({
      outcome: 'failed',
      details: { created: 1000, exists: 0, failed: 0 },
    });
    expect([await count('accounts'), await count('identities')]).toEqual([1000, 1000]);
    expect(errorsIn(bed.log().slice(logged))).toEqual([]);
  });

  it('writes nothing, and calls it no fault, when the caller goes away before a whole batch', async () => {
    const socket = await begin();
    const logged = bed.log().length;
    send(socket, people(0, 3));
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.destroy();
    expect(await audited(0)).toMatchObject({ outcome: 'failed' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await count('accounts')).toBe(0);
    expect(errorsIn(bed.log().slice(logged))).toEqual([]);
  });

  it('stops after the batch under way when the caller goes away', async () => {
    const other = await elsewhere('lock table identities in share mode');
    const logged = bed.log().length;
    try {
      const socket = await begin();
      send(socket, people(0, 700));
      socket.write('0\r\n\r\n');
      await untilSomebodyWaits();
      socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, 200));
    } finally {
      await other.commitTransaction();
      await other.release();
    }
    expect(await audited(500)).toEqual({
      outcome: 'failed',
      details: { created: 500, exists: 0, failed: 0 },
    });
    expect(await count('accounts')).toBe(500);
    expect(errorsIn(bed.log().slice(logged))).toEqual([]);
  });

  it('finds a person anew whom somebody deletes at the same moment', async () => {
    const api = await adminApi(bed);
    const fields = { phone: '13800000001', phoneVerified: true };
    const { id } = (await api('POST', '/accounts', { body: fields })).body as { id: string };
    const other = await elsewhere('delete from accounts where id = $1', [id]);
    const socket = await begin();
    send(
      socket,
      `${JSON.stringify({ ...fields, identities: [{ connection: 'wecom-hq', subject: 'lin' }] })}\n`,
    );
    socket.write('0\r\n\r\n');
    await untilSomebodyWaits();
    await other.commitTransaction();
    await other.release();
    expect(await answered(socket, '"line":1,')).toContain('"status":"created"');
    expect(await bed.query('select phone from accounts')).toEqual([{ phone: '+8613800000001' }]);
    expect(await bed.query('select subject from identities')).toEqual([{ subject: 'lin' }]);
  });

  it('does not hold up the end of the service while its caller still sends', async () => {
    const replica = await bed.addReplica();
    const socket = await begin(replica.url);
    socket.on('error', () => undefined);
    send(socket, people(0, 1600));
    await answered(socket, '"line":1500,');
    const beganAt = performance.now();
    await replica.stop();
    expect(performance.now() - beganAt).toBeLessThan(3000);
    expect(await audited(1500)).toMatchObject({ outcome: 'failed' });
    expect(await count('accounts')).toBe(1500);
  });

  it('is a problem like any other when it fails before the first answer, and cut off when later', async () => {
    await bed.query(`
      create function break_off() returns trigger language plpgsql as $$ begin
        if new.subject = 'p1000' or new.subject = 'first' then raise exception 'broken off'; end if;
        return new;
      end $$`);
    await bed.query(
      'create trigger break_off before insert on identities for each row execute function break_off()',
    );
    try {
      const first = await begin();
      send(first, '{"identities":[{"connection":"wecom-hq","subject":"first"}]}\n');
      first.write('0\r\n\r\n');
      const problem = await answered(first, 'internal_error');
      expect(problem).toMatch(/^HTTP\/1\.1 500 /);
      expect(problem).toContain('application/problem+json');

      const later = await begin();
      send(later, people(0, 1500));
      later.write('0\r\n\r\n');
      await answered(later, '"line":1000,');
      // Without the last chunk of length 0: nobody takes it for a whole answer.
      await expect(answered(later, '\r\n0\r\n')).rejects.toThrow(/ended|ECONNRESET/);
      expect(await audited(1000)).toMatchObject({ outcome: 'failed' });
      expect(await count('accounts')).toBe(1000);
    } finally {
      await bed.query('drop function break_off cascade');
    }
  });
});
