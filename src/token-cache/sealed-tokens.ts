import type { RedisClientType } from '@keyv/redis';

import type { SealedColumnShape } from '../database/sealed-column.js';
import type { SealedPlace, SealedValue } from '../database/sealed-places.js';
import type { RedisLink } from '../redis/redis-link.js';
import { tokenNamePrefix } from './redis-keyv-adapter.js';
import { sealContext } from './sealed-entry.js';

/** Where platform tokens are sealed in Postgres. */
export const sealedTokens: SealedColumnShape = {
  name: 'platform tokens',
  table: 'platform_tokens',
  column: 'value',
  key: { key: 'text' },
  context: ({ key = '' }) => sealContext(key),
  isRenewable: true,
};

/** KEYS: the key. ARGV: what was there, what is to be there; its end stays. */
const replaceUnchanged = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
  return 1`;

/** Names that one look asks for, so that no look takes long. */
const pageSize = 200;

interface Kept {
  readonly name: string;
  readonly value: string;
}

/** The same tokens in Redis. While it is away there is nothing: what it holds then is brought over from Postgres once it is back. */
export class SealedRedisTokens implements SealedPlace {
  readonly name = 'platform tokens in Redis';
  readonly isRenewable = true;

  constructor(private readonly link: RedisLink) {}

  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for await (const page of this.#pages()) {
      for (const { value } of page) {
        const keyId = keyIdOf(value);
        counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
      }
    }
    return counts;
  }

  async *sealedByOthers(keyId: string): AsyncIterable<readonly SealedValue[]> {
    for await (const page of this.#pages())
      yield page
        .filter(({ value }) => keyIdOf(value) !== keyId)
        .map((kept) => this.#sealedValue(kept));
  }

  #sealedValue({ name, value }: Kept): SealedValue {
    const [turn, expiresAt, sealed = ''] = value.split('|');
    return {
      sealed,
      context: sealContext(name.slice(tokenNamePrefix.length)),
      replace: (resealed) =>
        this.#ask(false, async (client) => {
          const next = [turn, expiresAt, resealed].join('|');
          const question = { keys: [name], arguments: [value, next] };
          return (await client.eval(replaceUnchanged, question)) === 1;
        }),
    };
  }

  /** A name may come twice. */
  async *#pages(): AsyncIterable<readonly Kept[]> {
    let cursor: string | undefined = '0';
    do {
      const from: string = cursor;
      const page = await this.#ask(undefined, (client) => readPage(client, from));
      if (page) yield page.kept;
      cursor = page?.next;
    } while (cursor !== undefined && cursor !== '0');
  }

  #ask<T>(otherwise: T, work: (client: RedisClientType) => Promise<T>): Promise<T> {
    return this.link.run(work, () => Promise.resolve(otherwise));
  }
}

async function readPage(
  client: RedisClientType,
  from: string,
): Promise<{ readonly next: string; readonly kept: readonly Kept[] }> {
  const { cursor: next, keys } = await client.scan(from, {
    MATCH: `${tokenNamePrefix}*`,
    COUNT: pageSize,
  });
  const values = keys.length > 0 ? await client.mGet(keys) : [];
  const kept = keys.flatMap((name, index) => {
    const value = values[index];
    return typeof value === 'string' ? [{ name, value }] : [];
  });
  return { next, kept };
}

/** `<turn>|<expiry>|v1.<key id>.…` */
function keyIdOf(value: string): string {
  return value.split('|')[2]?.split('.')[1] ?? '';
}
