import { pino, type DestinationStream, type Logger as Pino } from 'pino';

import { describeError } from './describe-error.js';
import {
  isSecretName,
  type LogFields,
  logValue,
  type LogValue,
  secretNames,
} from './log-fields.js';
import { currentWork } from './work-context.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

/**
 * The service's log: one JSON object per line. A line takes plain data alone, and an error as `err`, which is written with its code and
 * operator hint and nothing that a foreign library may have put into it. Each line says to which request or job it belongs.
 */
export class Logger {
  readonly #pino: Pino;

  constructor(level: string, destination?: DestinationStream) {
    const options = {
      level,
      base: undefined,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      // Errors are described before they get here; pino's own way would add to them.
      serializers: { err: (described: unknown) => described },
      formatters: { level: (label: string) => ({ level: label }) },
      // The second net: what is called so has lost its value before. Deeper paths would cost more than all the rest of a line.
      redact: { paths: [...secretNames], censor: '***' },
    };
    this.#pino = destination ? pino(options, destination) : pino(options);
  }

  debug<Fields extends LogFields<Fields>>(fields: Fields, message: string): void {
    this.#write('debug', fields, message);
  }

  info<Fields extends LogFields<Fields>>(fields: Fields, message: string): void {
    this.#write('info', fields, message);
  }

  warn<Fields extends LogFields<Fields>>(fields: Fields, message: string): void {
    this.#write('warn', fields, message);
  }

  error<Fields extends LogFields<Fields>>(fields: Fields, message: string): void {
    this.#write('error', fields, message);
  }

  #write(level: Level, fields: object, message: string): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    const line: Record<string, LogValue> = {};
    const work = currentWork();
    if (work) {
      const { requestId, job, span } = work;
      if (requestId !== undefined) line['requestId'] = requestId;
      if (job !== undefined) line['job'] = job;
      if (span) Object.assign(line, { traceId: span.traceId, spanId: span.spanId });
    }
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      if (name === 'err') line[name] = describeError(value);
      else line[name] = isSecretName(name) ? '***' : logValue(value);
    }
    this.#pino[level](line, message);
  }
}
