import type { LoggerService } from '@nestjs/common';

import type { Logger } from './logger.js';
import { scrubText } from './scrub-text.js';

/** Nest's own words, in our log. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug({ context: wordsOf(context) }, wordsOf(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context: wordsOf(context) }, wordsOf(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error({ context: wordsOf(rest.at(-1)) }, wordsOf(message));
  }
}

function wordsOf(given: unknown): string {
  return scrubText(typeof given === 'string' ? given : given instanceof Error ? given.message : '');
}
