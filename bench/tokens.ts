import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createClient } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';

import type { TokenSource } from '../src/auth/providers/platform-tokens.js';
import { SystemClock } from '../src/common/clock.js';
import { Encryption } from '../src/common/encryption.js';
import { Logger } from '../src/common/logger.js';
import { Secret } from '../src/common/secret.js';
import { createDataSource } from '../src/database/data-source.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { migrate } from '../src/database/migrator.js';
import { RedisLink } from '../src/redis/redis-link.js';
import { PostgresTokenStore } from '../src/token-cache/postgres-token-store.js';
import { RedisTokenStore } from '../src/token-cache/redis-token-store.js';
import { TokenCache } from '../src/token-cache/token-cache.js';
import type { TokenStore } from '../src/token-cache/token-store.js';
import { startRedis } from './redis-server.js';

/**
 * `npm run bench:tokens`: what a warm token costs, against a bare Map and against `cache-manager` alone; and what short-lived state
 * costs in Postgres and in Redis. One run on one machine: read the ratios.
 */
interface Cost {
  readonly what: string;
  /** Per operation. */
  readonly microseconds: number;
  readonly cpuMicroseconds: number;
}

const clock = new SystemClock();
const logger = new Logger('silent');
const encryption = new Encryption([randomBytes(32)]);
const folder = await mkdtemp(join(tmpdir(), 'lingpai-bench-'));
await chmod(folder, 0o711);
const postgres = await startEmbeddedPostgres({ folder, settings: ['synchronous_commit=off'] });
const redis = await startRedis();
const dataSource = await createDataSource(
  new Secret(postgres.url),
  10,
  () => undefined,
).initialize();
try {
  await migrate(dataSource);
  await warmTokens();
  await shortLivedState();
} finally {
  await dataSource.destroy();
  await redis?.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

/** A thousand tokens, asked for in turn, one after the other. */
async function warmTokens(): Promise<void> {
  const keys = Array.from({ length: 1000 }, (_, index) => `wecom-access-token|ww${index}/1000017`);
  const map = new Map(keys.map((key) => [key, `token of ${key}`]));
  const alone = createCache({ stores: [new Keyv()] });
  for (const key of keys) await alone.set(key, `token of ${key}`, 7_200_000);
  const sources = keys.map((key): TokenSource => ({
    kind: 'wecom-access-token',
    credential: key,
    secret: new Secret('hunter2hunter2'),
    fetch: () => Promise.resolve({ value: `token of ${key}`, expiresInSeconds: 7200 }),
  }));
  const link = new RedisLink(redis && new Secret(redis.url), logger);
  await link.start();
  if (redis && link.state !== 'ok') throw new Error('Redis was not found');
  const stores: [string, TokenStore][] = [
    ['Postgres', new PostgresTokenStore(dataSource, encryption, clock)],
  ];
  if (redis) stores.push(['Redis', new RedisTokenStore(link, dataSource, encryption, clock)]);
  const costs = [
    await measure('a bare Map, awaited', 1_000_000, (index) =>
      Promise.resolve(map.get(keys[index % 1000] ?? '')),
    ),
  ];
  for (const [name, store] of stores) {
    const cache = new TokenCache(store, clock, logger);
    for (const source of sources) await cache.get(source);
    const at = (index: number): TokenSource => sources[index % 1000] as TokenSource;
    costs.push(
      await measure(`the token cache, warm, before ${name}`, 1_000_000, (index) =>
        cache.get(at(index)),
      ),
      await measure(`… a call with the token (use)`, 1_000_000, (index) =>
        cache.use(at(index), (token) => Promise.resolve(token)),
      ),
      await measure(`… as all replicas see it (read, asks Postgres)`, 5000, (index) =>
        cache.read(at(index)),
      ),
    );
    cache.stop();
  }
  costs.push(
    await measure('cache-manager alone, in memory', 300_000, (index) =>
      alone.get(keys[index % 1000] ?? ''),
    ),
  );
  link.stop();
  print('A warm token', costs);
}

/** What a sign-in's attempt does: written once, and used up once, by whoever comes first. */
async function shortLivedState(): Promise<void> {
  await dataSource.query(
    `create table bench_state (id text primary key, payload text not null, expires_at timestamptz not null)`,
  );
  const payload = JSON.stringify({ request: randomBytes(300).toString('base64url') });
  const costs = [
    await measure('Postgres: insert, delete returning', 5000, async (index) => {
      await dataSource.query(
        `insert into bench_state values ($1, $2, now() + interval '10 minutes')`,
        [`state-${index}`, payload],
      );
      return dataSource.query(`delete from bench_state where id = $1 returning payload`, [
        `state-${index}`,
      ]);
    }),
  ];
  if (redis) {
    const client = await createClient({ url: redis.url }).connect();
    costs.push(
      await measure('Redis: SET, GETDEL', 20_000, async (index) => {
        await client.set(`state-${index}`, payload, { expiration: { type: 'EX', value: 600 } });
        return client.getDel(`state-${index}`);
      }),
    );
    client.destroy();
  }
  print('Short-lived state, written and used up', costs);
}

/** Warms up with a tenth of the rounds. */
async function measure(
  what: string,
  rounds: number,
  operation: (index: number) => Promise<unknown>,
): Promise<Cost> {
  for (let index = 0; index < rounds / 10; index += 1) await operation(index);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  for (let index = 0; index < rounds; index += 1) await operation(index);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  return {
    what,
    microseconds: (ms * 1000) / rounds,
    cpuMicroseconds: (user + system) / rounds,
  };
}

function print(title: string, costs: readonly Cost[]): void {
  const floor = costs[0]?.microseconds ?? 1;
  const lines = costs.map(
    ({ what, microseconds, cpuMicroseconds }) =>
      `| ${what} | ${microseconds.toFixed(2)} | ${cpuMicroseconds.toFixed(2)} | ${(microseconds / floor).toFixed(2)} |`,
  );
  process.stdout.write(
    [
      `\n${title}\n`,
      '| | µs each | CPU µs each | ratio |',
      '| --- | ---: | ---: | ---: |',
      ...lines,
      '',
    ].join('\n'),
  );
}
