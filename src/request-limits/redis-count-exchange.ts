import type { RedisClientType } from '@keyv/redis';

import type { CountExchange } from './count-exchange.js';
import { latestEndMs, type Moved, type SharedCount } from './counted-windows.js';

/**
 * KEYS: the keys. ARGV: now and the latest end that is believed (ms), then what to add and when the window ends (ms), for each. Gives
 * count and end, for each.
 */
const addAll = `
  local now, latest = tonumber(ARGV[1]), tonumber(ARGV[2])
  local answer = {}
  for index, key in ipairs(KEYS) do
    local ends = tonumber(redis.call('HGET', key, 'ends_at') or 0)
    if ends <= now or ends > latest then
      redis.call('DEL', key)
      ends = tonumber(ARGV[2 * index + 2])
      redis.call('HSET', key, 'ends_at', ends)
      redis.call('PEXPIRE', key, math.max(1, ends - now))
    end
    answer[2 * index - 1] = redis.call('HINCRBY', key, 'count', ARGV[2 * index + 1])
    answer[2 * index] = ends
  end
  return answer`;

/** Exchanges through Redis, in one script. */
export class RedisCountExchange implements CountExchange {
  constructor(private readonly client: RedisClientType) {}

  async add(moved: readonly Moved[], now: Date): Promise<SharedCount[]> {
    const numbers = moved.flatMap(({ added, endsAtMs }) => [added, endsAtMs]);
    const answer = (await this.client.eval(addAll, {
      keys: moved.map(({ key }) => `lingpai:request-limit:${key}`),
      arguments: [now.getTime(), now.getTime() + latestEndMs, ...numbers].map(String),
    })) as number[];
    return moved.map((_, index) => ({
      total: answer[2 * index] ?? 0,
      endsAtMs: answer[2 * index + 1] ?? 0,
    }));
  }
}
