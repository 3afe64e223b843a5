import type { RedisClientType } from '@keyv/redis';

import {
  clockToleranceSeconds,
  type Counted,
  type GuessRule,
  type RateLimitStore,
} from './rate-limit-store.js';

/** KEYS: the key. ARGV: now, the length of the window and the latest end that is believed, in ms. Gives the count and the end of the window. */
const countOne = `
  local now, window, latest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  local ends = tonumber(redis.call('HGET', KEYS[1], 'ends_at') or 0)
  if ends <= now then redis.call('DEL', KEYS[1]) end
  if ends <= now or ends > latest then
    ends = now + window
    redis.call('HSET', KEYS[1], 'ends_at', ends)
    redis.call('PEXPIRE', KEYS[1], window)
  end
  return { redis.call('HINCRBY', KEYS[1], 'count', 1), ends }`;

/** KEYS: the key. ARGV: now (ms). */
const giveOneBack = `
  local kept = redis.call('HMGET', KEYS[1], 'count', 'ends_at')
  if tonumber(kept[1] or 0) > 0 and tonumber(kept[2] or 0) > tonumber(ARGV[1]) then
    redis.call('HINCRBY', KEYS[1], 'count', -1)
  end`;

/**
 * KEYS: the key. ARGV: now (ms), free tries, first and longest delay (ms), how long to remember (ms), the latest end of a block that is
 * believed (ms). Gives until when tries are blocked, or 0 where this one was taken.
 */
const takeOneGuess = `
  local now, free = tonumber(ARGV[1]), tonumber(ARGV[2])
  local kept = redis.call('HMGET', KEYS[1], 'count', 'blocked_until', 'ends_at')
  local count, blocked = tonumber(kept[1] or 0), tonumber(kept[2] or 0)
  if tonumber(kept[3] or 0) <= now then count, blocked = 0, 0 end
  if blocked > now and blocked <= tonumber(ARGV[6]) then return blocked end
  count = count + 1
  blocked = 0
  if count >= free then
    blocked = now + math.min(tonumber(ARGV[4]), tonumber(ARGV[3]) * 2 ^ math.min(count - free, 20))
  end
  redis.call('HSET', KEYS[1], 'count', count, 'blocked_until', blocked, 'ends_at', now + tonumber(ARGV[5]))
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return 0`;

/** Counts in Redis, one script each. */
export class RedisRateLimitStore implements RateLimitStore {
  constructor(private readonly client: RedisClientType) {}

  async count(key: string, now: Date, windowSeconds: number): Promise<Counted> {
    const [count = 0, endsAtMs = 0] = (await this.#run(countOne, key, [
      now.getTime(),
      windowSeconds * 1000,
      latestEnd(now, windowSeconds),
    ])) as number[];
    return { count, endsAt: new Date(endsAtMs) };
  }

  async giveBack(key: string, now: Date): Promise<void> {
    await this.#run(giveOneBack, key, [now.getTime()]);
  }

  async tryGuess(key: string, now: Date, rule: GuessRule): Promise<Date | undefined> {
    const untilMs = (await this.#run(takeOneGuess, key, [
      now.getTime(),
      rule.free,
      rule.firstDelaySeconds * 1000,
      rule.longestDelaySeconds * 1000,
      rule.rememberSeconds * 1000,
      latestEnd(now, rule.longestDelaySeconds),
    ])) as number;
    return untilMs === 0 ? undefined : new Date(untilMs);
  }

  async forget(key: string): Promise<void> {
    await this.client.del(nameOf(key));
  }

  #run(script: string, key: string, numbers: readonly number[]): Promise<unknown> {
    return this.client.eval(script, { keys: [nameOf(key)], arguments: numbers.map(String) });
  }
}

/** The latest end, in ms, of what takes so long from now on. */
function latestEnd(now: Date, seconds: number): number {
  return now.getTime() + (seconds + clockToleranceSeconds) * 1000;
}

function nameOf(key: string): string {
  return `lingpai:rate-limit:${key}`;
}
