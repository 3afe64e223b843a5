import { parse } from 'yaml';

import { groups, read } from './files.js';

/** A service of a compose file, with what is asked for here. */
export interface Service {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly unknown[];
  readonly networks?: readonly string[];
  readonly secrets?: readonly string[];
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly deploy?: { readonly resources: { readonly limits: Readonly<Record<string, unknown>> } };
  readonly [other: string]: unknown;
}

/** A compose file, its anchors and merges resolved. */
export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly networks?: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
}

/** Reads a compose file with its variables put in; without an environment they stay as they are written. */
export function readCompose(name: string, env?: Readonly<Record<string, string>>): Compose {
  const compose = parse(read(name), { merge: true }) as Compose;
  return env ? (interpolated(compose, env) as Compose) : compose;
}

/** One file over another, as `docker compose -f one -f other` lays them: maps are joined, lists are put together, the rest is replaced. */
export function overlay(below: unknown, above: unknown): unknown {
  if (Array.isArray(below) && Array.isArray(above)) return [...(below as unknown[]), ...above];
  if (!isMap(below) || !isMap(above)) return above;
  const joined: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above))
    joined[key] = key in below ? overlay(below[key], value) : value;
  return joined;
}

/** `${NAME}` with `:-`, `-`, `:?` or `?` as the specification reads them, the inner ones first, and `$$` for a dollar. */
export function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  const inner = /(?<!\$)\$\{(\w+)(?:(:?)([-?])([^${}]*))?\}/;
  let value = text;
  for (let match = inner.exec(value); match; match = inner.exec(value)) {
    const [written, name = '', colon, sign, word = ''] = match;
    const given = colon && env[name] === '' ? undefined : env[name];
    if (given === undefined && sign === '?') throw new Error(`${name}: ${word}`);
    value = value.replace(written, () => given ?? word);
  }
  return value.replaceAll('$$', '$');
}

/** The lines of an environment file that set something. */
export function readEnvFile(name: string): Record<string, string> {
  const lines = [...read(name).matchAll(/^([A-Z_]+)=(.*)$/gm)];
  return Object.fromEntries(lines.map(([, key = '', value = '']) => [key, value]));
}

/** Every variable that a compose file asks for. */
export function askedFor(name: string): string[] {
  return [...new Set(groups(read(name), /(?<!\$)\$\{([A-Z_]+)/g))];
}

/** What a service finds in its environment: the file first, then what is written there. */
export function environmentOf(
  { env_file, environment }: Service,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...(env_file !== undefined && env), ...environment };
}

function interpolated(node: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof node === 'string') return interpolate(node, env);
  if (Array.isArray(node)) return node.map((each) => interpolated(each, env));
  if (!isMap(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, interpolated(value, env)]),
  );
}

function isMap(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
