import { types } from 'node:util';

import { AppError } from './app-error.js';
import type { LogValue } from './log-fields.js';
import { scrubText } from './scrub-text.js';

const longestMessage = 1000;
const longestName = 100;
const mostFrames = 12;
const mostCauses = 3;

/**
 * An error as it may be logged. Of a foreign one only what is known to be harmless: its name, its code, its words without what may be
 * secret in them, and where it was thrown. A database error's parameters, an HTTP error's request and the like are left out.
 */
export function describeError(error: unknown, depth = 0): LogValue {
  if (error instanceof AppError) {
    const { code, message, operator, cause } = error;
    return {
      code,
      message,
      ...operator,
      ...(cause !== undefined && depth < mostCauses && { cause: describeCause(cause, depth) }),
    };
  }
  if (!isError(error)) return { message: messageOf(error) };
  const { cause, errors } = error as Partial<AggregateError>;
  return {
    name: nameOf(error),
    message: messageOf(error),
    ...codesOf(error),
    ...(typeof error.stack === 'string' && { stack: framesOf(error.stack) }),
    ...(cause !== undefined && depth < mostCauses && { cause: describeCause(cause, depth) }),
    ...(Array.isArray(errors) && {
      errors: errors.slice(0, mostCauses).map((each: unknown) => inOneLine(each)),
    }),
  };
}

/** Also one of another realm, as Node's own are where a test has a realm to itself. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

function describeCause(cause: unknown, depth: number): LogValue {
  if (cause instanceof AppError) return describeError(cause, depth + 1);
  return isError(cause) ? inOneLine(cause) : undefined;
}

function inOneLine(error: unknown): string {
  return isError(error) ? `${nameOf(error)}: ${messageOf(error)}` : messageOf(error);
}

function nameOf({ name }: { readonly name: unknown }): string {
  return typeof name === 'string' ? scrubText(name.slice(0, longestName)) : 'Error';
}

function messageOf(error: unknown): string {
  if (!isError(error))
    return typeof error === 'string' ? scrubText(error.slice(0, longestMessage)) : typeof error;
  const words: unknown = error.message;
  // Libraries put other things there, too.
  if (typeof words !== 'string') return typeof words;
  const message = words.slice(0, longestMessage);
  return scrubText(quotesValues(error) ? message.replace(/".*"|'.*'/gs, '"…"') : message);
}

/** Errors whose words quote what was read: half a JSON text, or a value that Postgres could not take (SQLSTATE class 22). */
function quotesValues(error: Error): boolean {
  return error.name === 'SyntaxError' || String(codesOf(error)['code']).startsWith('22');
}

/** The words by which a fault is looked up: `ECONNREFUSED`, a SQLSTATE, the constraint that was violated. */
function codesOf(error: Error): Record<string, string> {
  const { driverError } = error as { driverError?: unknown };
  const source = (driverError ?? error) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    ['code', 'constraint'].flatMap((name) => {
      const word = source[name];
      return typeof word === 'string' && /^\w{1,64}$/.test(word) ? [[name, word]] : [];
    }),
  );
}

/** Where it was thrown; the words that stand above are told already. */
function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, mostFrames)
    .map((line) => scrubText(line.trim()))
    .join('\n');
}
