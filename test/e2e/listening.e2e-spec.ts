import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from '../fixtures/postgres.js';
import { ReplicaProcess } from '../fixtures/replica-process.js';

let database: TestDatabase;
let other: Server;

beforeAll(async () => {
  database = await createTestDatabase();
  other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
});

afterAll(async () => {
  other.close();
  await database.drop();
});

describe('a start', () => {
  it.each([
    [
      'a port that is taken',
      '127.0.0.1',
      (port: number) => `PORT: ${port} is taken by another program (EADDRINUSE)`,
    ],
    [
      'an address of another machine',
      '192.0.2.1',
      () => 'HOST: 192.0.2.1 is no address of this machine (EADDRNOTAVAIL)',
    ],
  ])(
    'with %s ends with one line and exit code 1',
    async (_, host, line) => {
      const { port } = other.address() as AddressInfo;
      const replica = new ReplicaProcess('', {
        HOST: host,
        PORT: String(port),
        DATABASE_URL: database.url,
        SECRET_KEY: randomBytes(32).toString('base64'),
        LOG_LEVEL: 'fatal',
      });
      replica.launch();
      expect(await replica.ended).toBe(1);
      expect(replica.output).toBe(
        `ConfigError: The environment has 1 fault(s):\n  ${line(port)}\n`,
      );
    },
    60_000,
  );
});
