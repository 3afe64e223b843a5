import { createServer, connect, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from './data-source.js';
import { freePort } from './embedded/free-port.js';
import { connectWhenReady } from './migrator.js';

/** The road to Postgres, which can be cut and mended. */
class Road {
  #server: Server | undefined;
  readonly #cars = new Set<Socket>();

  constructor(
    readonly port: number,
    private readonly target: URL,
  ) {}

  async open(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(Number(this.target.port), this.target.hostname);
      for (const socket of [near, far]) {
        this.#cars.add(socket);
        socket.on('error', () => undefined).on('close', () => this.#cars.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.#server = server;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
    for (const car of this.#cars) car.destroy();
    await closed;
    this.#server = undefined;
  }
}

describe('while Postgres is away', () => {
  let database: TestDatabase;
  let road: Road;
  let dataSource: DataSource;
  let log: string;
  let poolErrors: unknown[];
  let logger: Logger;

  beforeEach(async () => {
    database = await createTestDatabase();
    const url = new URL(database.url);
    road = new Road(await freePort(), new URL(database.url));
    url.hostname = '127.0.0.1';
    url.port = String(road.port);
    poolErrors = [];
    dataSource = createDataSource(new Secret(url.href), 4, (error) => poolErrors.push(error));
    log = '';
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        log += chunk.toString();
        done();
      },
    });
    logger = new Logger('info', sink);
  });

  afterEach(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    await road.cut();
    await database.drop();
  });

  it('waits at the start, says so without the password, and goes on by itself', async () => {
    const connected = connectWhenReady(dataSource, logger, AbortSignal.timeout(20_000));
    setTimeout(() => void road.open(), 600);
    await connected;

    expect(await dataSource.query('select 1 as one')).toEqual([{ one: 1 }]);
    expect(log).toContain('Postgres is not reachable yet');
    expect(log).not.toContain(new URL(database.url).password);
  });

  it('stops waiting when it is told to', async () => {
    await connectWhenReady(dataSource, logger, AbortSignal.timeout(400));
    expect(dataSource.isInitialized).toBe(false);
  });

  it('does not wait for what waiting cannot mend', async () => {
    const url = new URL(database.url);
    url.password = 'wrong';
    const refused = createDataSource(new Secret(url.href), 2, () => undefined);
    await expect(connectWhenReady(refused, logger, AbortSignal.timeout(20_000))).rejects.toThrow(
      /password authentication failed/,
    );
  });

  it('outlives a cut between two queries and in the middle of one', async () => {
    await road.open();
    await connectWhenReady(dataSource, logger, AbortSignal.timeout(20_000));
    const idle = await Promise.all([1, 2, 3].map(() => dataSource.query('select 1 as one')));
    expect(idle).toHaveLength(3);
    const running = dataSource.query('select pg_sleep(20)');
    const broken = expect(running).rejects.toThrow(/terminated|ECONNRESET/);
    await dataSource.query('select 1');

    await road.cut();
    await broken;
    await expect(dataSource.query('select 1')).rejects.toThrow(/ECONNREFUSED|terminated/);
    await road.open();

    expect(await dataSource.query('select 1 as one')).toEqual([{ one: 1 }]);
    expect(poolErrors.length).toBeGreaterThan(0);
  });
});
