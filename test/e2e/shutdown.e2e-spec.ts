import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { adminApi } from '../fixtures/api.js';
import { Deployment } from '../fixtures/deployment.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { createEmptyDatabase } from '../fixtures/postgres.js';
import { ReplicaProcess } from '../fixtures/replica-process.js';
import { admin, openTestBed } from '../fixtures/service.js';

/** The lock under which replicas migrate. */
const migrationLock = 7_265_000;

interface Answer {
  readonly status: number;
  readonly connection: string | undefined;
  readonly text: string;
  /** Whether it came on a connection that was used before. */
  readonly reused: boolean;
}

/** One GET; what goes wrong is thrown with its code. */
async function get(
  url: string,
  agent: Agent,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const asked = request(url, { agent, headers }).end();
  const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  const { statusCode: status = 0, headers: given } = answer;
  return { status, connection: given.connection, text, reused: asked.reusedSocket };
}

/** Until so many statements wait for what this connection has locked. */
async function untilTheyWait(holder: pg.Client, count: number): Promise<void> {
  await eventually(async () => {
    // Within a transaction it would see for ever what it saw first.
    await holder.query('select pg_stat_clear_snapshot()');
    const { rows } = await holder.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(rows).toHaveLength(count);
  });
}

const codeOf = (error: unknown) => (error as { code?: string }).code;

describe('the end of a service that runs', () => {
  let deployment: Deployment;
  let database: pg.Client;

  beforeAll(async () => {
    deployment = await Deployment.start({ replicas: 1, env: { SHUTDOWN_DELAY_SECONDS: '2' } });
    database = new pg.Client({ connectionString: deployment.database.url });
    await database.connect();
  }, 60_000);
  afterAll(async () => {
    await database.end();
    await deployment.stop();
  });

  it('is announced while requests are still taken, then finishes what is under way, with exit code 0', async () => {
    const replica = deployment.replica(1);
    const { body } = await deployment.call(1, '/token', {
      method: 'POST',
      form: {
        grant_type: 'client_credentials',
        client_id: admin.clientId,
        client_secret: admin.clientSecret,
        scope: 'accounts:read',
      },
    });
    const authorization = `Bearer ${String(body['access_token'])}`;
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const keys = `${replica.url}/.well-known/jwks.json`;
    expect(await get(keys, kept)).toMatchObject({ status: 200, connection: 'keep-alive' });

    // A request that is under way for as long as we hold this.
    await database.query('begin');
    await database.query('lock table accounts in access exclusive mode');
    const underWay = get(`${replica.url}/api/v1/accounts`, new Agent({ keepAlive: true }), {
      authorization,
    });
    await untilTheyWait(database, 1);
    const beganAt = performance.now();
    const ended = replica.terminate();

    const fresh = () => new Agent();
    await eventually(async () => {
      const ready = await get(`${replica.url}/health/ready`, fresh());
      expect(ready.status).toBe(503);
      expect(JSON.parse(ready.text)).toMatchObject({ status: 'unavailable', phase: 'stopping' });
    });
    expect(await get(keys, kept)).toMatchObject({ status: 200, connection: 'close', reused: true });
    expect(await get(keys, kept)).toMatchObject({
      status: 200,
      connection: 'close',
      reused: false,
    });

    await eventually(async () => {
      const refused = await get(keys, fresh()).catch(codeOf);
      expect(refused).toBe('ECONNREFUSED');
    });
    expect(performance.now() - beganAt).toBeGreaterThan(1900);
    expect(performance.now() - beganAt).toBeLessThan(8000);
    await sleep(300);
    await database.query('commit');
    expect(await underWay).toMatchObject({ status: 200, connection: 'close' });
    expect(await ended).toBe(0);
    const complaints = replica.output
      .split('\n')
      .filter((line) => /"level":"(warn|error)"/.test(line));
    // The engine's word on this version of Node, at the start.
    expect(complaints.filter((line) => !line.includes('Unsupported runtime'))).toEqual([]);
  }, 30_000);

  it('comes at once with a second signal, and not with an echo of the first', async () => {
    const replica = deployment.replica(1).with({ SHUTDOWN_DELAY_SECONDS: '20' });
    await replica.start();
    const beganAt = performance.now();
    replica.signal('SIGINT');
    await sleep(50);
    replica.signal('SIGINT');
    await sleep(700);
    expect((await fetch(`${replica.url}/health/live`)).status).toBe(200);
    replica.signal('SIGINT');
    expect(await replica.ended).toBe(130);
    expect(performance.now() - beganAt).toBeLessThan(10_000);
    expect(replica.output).toContain('a second signal ends the process at once');
  }, 30_000);

  it('does not come because nobody reads its log', async () => {
    const replica = deployment.replica(1);
    await replica.start();
    replica.closeOutput();
    for (let count = 0; count < 5; count += 1) {
      expect((await fetch(`${replica.url}/authorize?client_id=nobody`)).status).toBe(400);
    }
    expect(await replica.terminate()).toBe(0);
  }, 30_000);

  it.each([
    ['an exception', 'uncaught_exception', `throw new Error('broken to the core')`],
    ['a promise', 'unhandled_rejection', `Promise.reject(new Error('broken to the core'))`],
  ])(
    'comes with code 1 and a line in the log where nobody catches %s',
    async (_what, code, fault) => {
      const replica = deployment.replica(1);
      const script = `process.on('SIGUSR2', () => { ${fault} })`;
      replica.launch('--import', `data:text/javascript,${encodeURIComponent(script)}`);
      await eventually(async () =>
        expect((await fetch(`${replica.url}/health/ready`)).status).toBe(200),
      );
      const before = replica.output.length;
      replica.signal('SIGUSR2');
      expect(await replica.ended).toBe(1);
      const line = replica.output
        .slice(before)
        .split('\n')
        .find((each) => each.includes('a fault that nobody caught'));
      expect(JSON.parse(line ?? '')).toMatchObject({
        level: 'error',
        code,
        msg: 'a fault that nobody caught ends the process',
        err: { message: 'broken to the core' },
      });
    },
    30_000,
  );
});

describe('the end of a service that has not begun', () => {
  const launch = async (env: Record<string, string>): Promise<ReplicaProcess> => {
    const port = await freePort();
    const replica = new ReplicaProcess(`http://127.0.0.1:${port}`, {
      HOST: '127.0.0.1',
      PORT: String(port),
      SECRET_KEY: randomBytes(32).toString('base64'),
      SHUTDOWN_DELAY_SECONDS: '20',
      ...env,
    });
    replica.launch();
    await eventually(async () => {
      expect((await fetch(`${replica.url}/health/live`)).status).toBe(200);
    }, 30_000);
    return replica;
  };

  it('comes at once while it waits for Postgres', async () => {
    const nobody = await freePort();
    const replica = await launch({ DATABASE_URL: `postgres://lingpai:pw@127.0.0.1:${nobody}/x` });
    const beganAt = performance.now();
    expect(await replica.terminate()).toBe(0);
    expect(performance.now() - beganAt).toBeLessThan(10_000);
  }, 40_000);

  it('comes soon while it waits for another one that migrates', async () => {
    const database = await createEmptyDatabase();
    const other = new pg.Client({ connectionString: database.url });
    other.on('error', () => undefined);
    await other.connect();
    await other.query('select pg_advisory_lock($1)', [migrationLock]);
    const replica = await launch({ DATABASE_URL: database.url });
    await untilTheyWait(other, 1);
    const beganAt = performance.now();
    expect(await replica.terminate()).toBe(0);
    expect(performance.now() - beganAt).toBeLessThan(10_000);
    expect(replica.output).not.toMatch(/"level":"error"/);
    await other.end();
    await database.drop();
  }, 40_000);
});

it('a request that outlasts the limit is cut off, and the log says how many were', async () => {
  const bed = await openTestBed();
  const other = new pg.Client({ connectionString: bed.database.url });
  other.on('error', () => undefined);
  await other.connect();
  try {
    const api = await adminApi(bed);
    await other.query('begin');
    await other.query('lock table accounts in access exclusive mode');
    const stuck = [1, 2].map(() =>
      api('GET', '/accounts').then(
        () => 'answered',
        () => 'cut off',
      ),
    );
    await untilTheyWait(other, 2);
    const beganAt = performance.now();
    const stopped = bed.replicas[0]!.service.stop({ delayMs: 0, requestsMs: 400 });
    expect(await Promise.all(stuck)).toEqual(['cut off', 'cut off']);
    expect(performance.now() - beganAt).toBeGreaterThan(350);
    expect(performance.now() - beganAt).toBeLessThan(5000);
    const line = bed
      .log()
      .split('\n')
      .find((each) => each.includes('are cut off'));
    expect(JSON.parse(line ?? '')).toMatchObject({ level: 'warn', requests: 2 });
    await other.query('commit');
    await stopped;
  } finally {
    await other.end();
    await bed.stop();
  }
}, 30_000);
