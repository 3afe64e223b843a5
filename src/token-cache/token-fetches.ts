import type { FetchedToken, TokenSource } from '../auth/providers/platform-tokens.js';
import { AppError } from '../common/app-error.js';
import type { Logger } from '../common/logger.js';
import type { Tracer } from '../common/tracer.js';

/** Asks the platforms for tokens, in sight of the log, the metrics and the trace. */
export class TokenFetches {
  constructor(
    private readonly logger: Logger,
    private readonly tracer: Tracer,
    /** Told of each fetch: the kind, and `ok` or the code of what went wrong. */
    private readonly observe: (kind: string, code: string) => void,
  ) {}

  /** @throws what `source.fetch` throws; whoever wanted the token says so */
  async fetch(source: TokenSource): Promise<FetchedToken> {
    const { kind, credential, tenant } = source;
    const startedAtMs = performance.now();
    const name = 'platform token fetch';
    try {
      const fetched = await this.tracer.span(
        { name, attributes: { 'lingpai.token.kind': kind } },
        () => source.fetch(),
      );
      this.observe(kind, 'ok');
      const { expiresInSeconds } = fetched;
      const durationMs = Math.round(performance.now() - startedAtMs);
      this.logger.debug(
        { kind, credential, tenant, expiresInSeconds, durationMs },
        'a platform token was fetched',
      );
      return fetched;
    } catch (error) {
      this.observe(kind, error instanceof AppError ? error.code : 'internal_error');
      throw error;
    }
  }
}
