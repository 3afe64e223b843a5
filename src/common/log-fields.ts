import { Secret } from './secret.js';

type Leaf = string | number | boolean | bigint | null | undefined | Date | Secret;

/** What is written to the log: plain data. */
export type LogValue = Leaf | readonly LogValue[] | { readonly [name: string]: LogValue };

/** A value as it must be to be logged: what is no plain data (an error, a function, who knows what) becomes `never`. */
type Plain<Value> = [Value] extends [LogValue]
  ? Value
  : Value extends Error | ((...args: never[]) => unknown)
    ? never
    : Value extends object
      ? { readonly [Name in keyof Value]: Plain<Value[Name]> }
      : never;

/** The fields of a line. `err` is an error, of whatever kind; anything else that is no plain data does not compile. */
export type LogFields<Fields> = {
  readonly [Name in keyof Fields]: Name extends 'err' ? unknown : Plain<Fields[Name]>;
};

const longestText = 4000;
const longestList = 100;
const deepest = 6;

/** Names under which something may stand that opens a door, whoever wrote the line. */
export const secretNames = [
  ...['accessToken', 'refreshToken', 'idToken', 'token', 'jwt', 'assertion', 'clientAssertion'],
  ...['password', 'passwd', 'secret', 'clientSecret', 'appSecret', 'corpSecret', 'suiteSecret'],
  ...['providerSecret', 'secretKey', 'privateKey', 'apiKey', 'aesKey', 'encodingAesKey'],
  ...['eventAesKey', 'eventToken', 'suiteTicket', 'permanentCode', 'authCode', 'preAuthCode'],
  ...['codeVerifier', 'authorization', 'cookie', 'cookies', 'setCookie', 'headers', 'body'],
] as const;

const bareNames: ReadonlySet<string> = new Set(secretNames.map(bareName));

/** Makes plain data of whatever it is: what is no plain data is told by its kind alone. */
export function logValue(value: unknown, depth = 0): LogValue {
  switch (typeof value) {
    case 'string':
      return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : logObject(value, depth);
    default:
      return `[${typeof value}]`;
  }
}

function logObject(value: object, depth: number): LogValue {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Secret) return '***';
  if (depth >= deepest) return '[…]';
  if (Array.isArray(value))
    return value.slice(0, longestList).map((each: unknown) => logValue(each, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${kindOf(value)}]`;
  const fields: Record<string, LogValue> = {};
  for (const [name, each] of Object.entries(value)) {
    if (each === undefined) continue;
    fields[name] = isSecretName(name) ? '***' : logValue(each, depth + 1);
  }
  return fields;
}

function kindOf({ constructor }: { readonly constructor?: unknown }): string {
  return typeof constructor === 'function' ? constructor.name : 'object';
}

/** Whether what stands under this name is not for the log, however it is spelt. */
export function isSecretName(name: string): boolean {
  return bareNames.has(bareName(name));
}

function bareName(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase();
}
