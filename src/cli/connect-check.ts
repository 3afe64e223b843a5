import type { DataSource } from 'typeorm';

import type { Ground } from '../ground.module.js';
import { Logger } from '../common/logger.js';
import { pendingMigrations } from '../database/migrator.js';
import type { Config } from '../config/config.js';
import { RedisLink } from '../redis/redis-link.js';
import type { ConfigCheck } from './config-check.js';
import { refusalOf } from './refusal-of.js';
import { inRoomsOn } from './rooms.js';

/** Tries what the configuration names: Postgres, its schema, SECRET_KEY on what is stored, and Redis. Changes nothing. */
export async function checkGround(ground: Ground): Promise<ConfigCheck[]> {
  return [...(await checkDatabase(ground)), await checkRedis(ground.config)];
}

async function checkDatabase(ground: Ground): Promise<ConfigCheck[]> {
  const { config, dataSource } = ground;
  const postgres = await attempt('postgres', async () => {
    await dataSource.initialize();
    const [row] = await dataSource.query<{ server_version: string }[]>('show server_version');
    return { ok: true, message: `version ${row?.server_version ?? 'unknown'}` };
  });
  if (!postgres.ok) return [postgres];
  const schema = await attempt('schema', () => checkSchema(config, dataSource));
  if ((await pendingMigrations(dataSource)).length > 0) return [postgres, schema];
  return [postgres, schema, await attempt('secret-key', () => checkSecretKey(ground))];
}

type Outcome = Omit<ConfigCheck, 'name'>;

async function checkSchema(config: Config, dataSource: DataSource): Promise<Outcome> {
  const pending = await pendingMigrations(dataSource);
  if (pending.length === 0) return { ok: true, message: 'up to date' };
  const message = `${pending.length} migration(s) are pending`;
  if (config.migrateOnStart) return { ok: true, message: `${message}: a start runs them` };
  return {
    ok: false,
    code: 'schema_outdated',
    message: `${message} and MIGRATE_ON_START is false: run \`lingpai migrate\``,
    faults: pending,
  };
}

async function checkSecretKey(ground: Ground): Promise<Outcome> {
  await inRoomsOn(ground, ({ keyCheck }) => keyCheck.run());
  return { ok: true, message: 'its keys have sealed all that is stored' };
}

async function checkRedis({ redisUrl }: Config): Promise<ConfigCheck> {
  const name = 'redis';
  if (!redisUrl) return { name, ok: true, message: 'REDIS_URL is not set' };
  const link = new RedisLink(redisUrl, new Logger('silent'));
  try {
    await link.start();
    return (await link.look()) === 'ok'
      ? { name, ok: true, message: 'it takes writes' }
      : {
          name,
          ok: false,
          code: 'redis_unreachable',
          message: 'it does not answer, or takes no writes: the service would go on with Postgres',
        };
  } finally {
    link.stop();
  }
}

/** What is foreseen to fail is an answer. */
async function attempt(name: string, work: () => Promise<Outcome>): Promise<ConfigCheck> {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    return { name, ok: false, code: refusal.code, message: refusal.message };
  }
}
