import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '../common/logger.js';

const firstPauseMs = 250;
const longestPauseMs = 5000;

const passingCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
]);
/** Connection exceptions, too few resources, an operator's intervention: starting, stopping, too many clients. */
const passingClasses = /^(?:08|53|57P)/;

/** Postgres answers, and does not let us in: no waiting mends that. */
export class DatabaseRefusedError extends Error {
  override readonly name = 'DatabaseRefusedError';

  constructor(cause: Error) {
    // Its words name the user or the database, never the password.
    super(`DATABASE_URL: Postgres does not let us in: ${cause.message}.`, { cause });
  }
}

/** Wrong user or password, no such database, no right to connect. */
const refusals = new Set(['28P01', '28000', '3D000', '42501']);

/**
 * Repeats `work` for as long as it fails because Postgres is away; gives up when `signal` says so.
 * @returns whether the work was done
 * @throws DatabaseRefusedError; whatever else `work` throws
 */
export async function whenPostgresAnswers(
  work: () => Promise<void>,
  logger: Logger,
  signal: AbortSignal,
): Promise<boolean> {
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    try {
      await work();
      return true;
    } catch (error) {
      if (isRefusal(error)) throw new DatabaseRefusedError(error);
      if (!isPostgresAway(error)) throw error;
      logger.warn({ err: error, nextTryMs: pauseMs }, 'Postgres is not reachable yet');
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
  return false;
}

/** Whether Postgres answers, and does not let us in. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && refusals.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Whether it failed because Postgres is away, so that waiting may help. */
export function isPostgresAway(error: unknown): boolean {
  const { code, message, errors } = error as Partial<AggregateError & NodeJS.ErrnoException>;
  // A name with several addresses fails once for each.
  if (errors) return errors.some(isPostgresAway);
  if (code) return passingCodes.has(code) || passingClasses.test(code);
  // `pg` gives these no code.
  return /^(?:timeout |Connection terminated|Client has encountered a connection error)/i.test(
    message ?? '',
  );
}
