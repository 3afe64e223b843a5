import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient } from '@keyv/redis';

import { eventually } from '../../test/fixtures/eventually.js';
import { redisHere, TestRedis } from '../../test/fixtures/redis.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { RedisLink } from './redis-link.js';

const itWithRedis = redisHere ? it : it.skip;
let redis: TestRedis;
let log: string[];
let states: boolean[];
let fallbacks: number;
let link: RedisLink;

beforeAll(async () => {
  if (redisHere) redis = await TestRedis.start();
});
beforeEach(() => {
  log = [];
  states = [];
  fallbacks = 0;
});
afterEach(() => link.stop());
afterAll(() => (redisHere ? redis.remove() : undefined));

function open(url: string): RedisLink {
  link = new RedisLink(
    new Secret(url),
    new Logger('trace', { write: (line: string) => log.push(line) }),
    { redisState: (isUp) => states.push(isUp), redisFallback: () => (fallbacks += 1) },
  );
  return link;
}

const lines = (words: string): string[] => log.filter((line) => line.includes(words));

/** Takes connections and says nothing. */
async function silentServer(): Promise<{ url: string; server: Server; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.unref()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, server, sockets };
}

describe('a Redis that is not there', () => {
  it('is said once at the start already, with the reason', async () => {
    await open('redis://127.0.0.1:1').start();
    await eventually(() => expect(lines('Redis does not answer')).toHaveLength(1));
    expect(lines('ECONNREFUSED')).toHaveLength(1);
    await sleep(1500);
    expect(lines('Redis does not answer')).toHaveLength(1);
    expect(states).toEqual([false]);
  });

  itWithRedis(
    'is told by its words where it knows us, but lets nobody in or takes no writes',
    async () => {
      const admin = await createClient({ url: redis.url }).connect();
      try {
        await admin.configSet('requirepass', 'the-right-one');
        await open(redis.url.replace('://', '://:a-wrong-password@')).start();
        await eventually(() => expect(lines('WRONGPASS')).toHaveLength(1));
        expect(log.join()).not.toContain('a-wrong-password');
        link.stop();
        await admin.configSet('requirepass', '');

        await admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
        await open(redis.url).start();
        await eventually(() => expect(lines('Redis cannot be used yet')).toHaveLength(1));
        await sleep(1500);
        expect(lines('READONLY')).toHaveLength(1);
        expect(link.state).toBe('unreachable');
        await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
        await eventually(() => expect(link.state).toBe('ok'));
      } finally {
        await admin.configSet('requirepass', '');
        await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
        admin.destroy();
      }
    },
  );

  it('is a fallback for who wanted something done, not for who merely looks', async () => {
    await open('redis://127.0.0.1:1').start();
    expect(await link.look()).toBe('unreachable');
    expect(fallbacks).toBe(0);
    const done = link.run(
      () => Promise.resolve('in Redis'),
      () => Promise.resolve('in Postgres'),
    );
    expect(await done).toBe('in Postgres');
    expect(fallbacks).toBe(1);
  });
});

describe('a link', () => {
  itWithRedis('is in use once whatever must be done first was done', async () => {
    open(redis.url);
    let faults = 2;
    link.onFound(async () => {
      await sleep(10);
      if (faults > 0) throw new Error(`not yet: ${(faults -= 1)}`);
      return true;
    });
    await link.start();
    expect(link.state).toBe('unreachable');
    await eventually(() => expect(link.state).toBe('ok'));
    expect(lines('Redis cannot be used yet')).toHaveLength(1);
    expect(states).toEqual([false, true]);
    expect(
      await link.run(
        (client) => client.ping(),
        () => Promise.resolve('no'),
      ),
    ).toBe('PONG');
  });

  itWithRedis('waits without a word for what cannot be done yet', async () => {
    open(redis.url);
    let tries = 0;
    link.onFound(() => Promise.resolve((tries += 1) > 2));
    await link.start();
    await eventually(() => expect(link.state).toBe('ok'));
    expect(tries).toBe(3);
    expect(log.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'Redis is there and in use',
    ]);
  });

  itWithRedis(
    'whose connection broke while that was done is not taken for one in use',
    async () => {
      open(redis.url);
      let isFirst = true;
      link.onFound(async (client) => {
        if (!isFirst) return true;
        isFirst = false;
        await redis.stop('SIGKILL');
        await eventually(() => expect(client.isReady).toBe(false));
        return true;
      });
      await link.start();
      await eventually(() => expect(isFirst).toBe(false));
      await sleep(1000);
      expect(link.state).toBe('unreachable');
      expect(states).toEqual([false]);
      await redis.startAgain();
      await eventually(() => expect(link.state).toBe('ok'));
      expect(states).toEqual([false, true]);
    },
  );

  it('never waits long between two attempts: nothing would end that wait when it is stopped', async () => {
    const attempts: number[] = [];
    const server = createServer((socket) => {
      attempts.push(performance.now());
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    void open(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`).start();
    await eventually(() => expect(attempts.length).toBeGreaterThan(9), 20_000);
    const waits = attempts.slice(6, 10).map((at, index) => at - attempts[index + 5]!);
    // The shortest, as this machine may be busy.
    expect(Math.min(...waits)).toBeLessThan(450);
    link.stop();
    server.close();
  });

  it('does not hold the process when it is stopped while it connects', async () => {
    const { url, server, sockets } = await silentServer();
    void open(url).start();
    link.stop();
    await eventually(() => expect(sockets).toHaveLength(1));
    // Not yet where it is about to be ended.
    await eventually(() => expect(process.getActiveResourcesInfo()).not.toContain('TCPSocketWrap'));
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});
