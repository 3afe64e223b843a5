import { pino, type DestinationStream, type Logger as Pino } from 'pino';

import { AppError } from './app-error.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The service's log: one JSON object per line. An error is written with its code and operator hint; what may hold
 * a secret (URLs with queries, headers, bodies) is never handed to it.
 */
export class Logger {
  readonly #pino: Pino;

  constructor(level: string, destination?: DestinationStream) {
    const options = {
      level,
      base: undefined,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: describeError },
    };
    this.#pino = destination ? pino(options, destination) : pino(options);
  }

  debug(fields: Fields, message: string): void {
    this.#pino.debug(fields, message);
  }

  info(fields: Fields, message: string): void {
    this.#pino.info(fields, message);
  }

  warn(fields: Fields, message: string): void {
    this.#pino.warn(fields, message);
  }

  error(fields: Fields, message: string): void {
    this.#pino.error(fields, message);
  }
}

/** An error as it may be logged: a database error's parameters, an HTTP error's request and the like are left out. */
export function describeError(error: unknown): unknown {
  if (error instanceof AppError) {
    return {
      code: error.code,
      message: error.message,
      ...error.operator,
      ...(error.cause === undefined ? {} : { cause: describeCause(error.cause) }),
    };
  }
  if (error instanceof Error)
    return { name: error.name, message: error.message, stack: error.stack };
  return { message: String(error) };
}

function describeCause(cause: unknown): unknown {
  if (cause instanceof AppError) return describeError(cause);
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;
}
