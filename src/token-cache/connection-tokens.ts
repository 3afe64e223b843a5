import type { PlatformTokens } from '../auth/providers/platform-tokens.js';
import type { TokenCache } from './token-cache.js';

/** The token cache as one connection uses it: the metrics learn whose tokens these are. */
export function tokensOf(connection: string, cache: TokenCache): PlatformTokens {
  return {
    get: (source) => cache.get(cache.askedBy(connection, source)),
    use: (source, call) => cache.use(cache.askedBy(connection, source), call),
    forgetRefusal: (source) => cache.forgetRefusal(source),
  };
}
