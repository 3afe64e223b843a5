import { readFileSync } from 'node:fs';

import { type Document, LineCounter, parseDocument, visit } from 'yaml';

import type { Fault } from '../../common/faults.js';
import { readVariable } from '../../config/environment-files.js';

/** The provisioning file, parsed and interpolated; its entries are not checked yet. */
export interface ProvisioningFile {
  readonly connections: readonly Readonly<Record<string, unknown>>[];
  readonly clients: readonly Readonly<Record<string, unknown>>[];
  /** What is wrong with the variables, each with its place; whoever checks the entries adds theirs. */
  readonly faults: readonly Fault[];
}

/** The file is wrong. `faults` names each by its place; no value is among the words. */
export class ProvisioningError extends Error {
  override readonly name = 'ProvisioningError';

  constructor(
    file: string,
    readonly faults: readonly Fault[],
  ) {
    super(
      `The provisioning file ${file} has ${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    );
  }
}

const sections = ['connections', 'clients'] as const;

/**
 * Reads the YAML and puts the environment's values in.
 * @throws ProvisioningError where it is no YAML of ours at all
 */
export function readProvisioningFile(file: string, env: NodeJS.ProcessEnv): ProvisioningFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(readText(file), { uniqueKeys: true, lineCounter });
  // The library's own words may quote the file, and that a secret.
  const broken = [
    ...document.errors.map(({ code, pos }) => ({ at: pos[0], code })),
    ...lostAliases(document).map((at) => ({ at, code: 'UNRESOLVED_ALIAS' })),
  ].map(({ at, code }) => {
    const { line, col } = lineCounter.linePos(at);
    return `line ${line}, column ${col}: is not YAML (${code})`;
  });
  if (broken.length > 0) throw new ProvisioningError(file, broken);
  const faults: Fault[] = [];
  const content = interpolate(plainOf(document, file), '', env, faults) ?? {};
  if (!isRecord(content)) throw new ProvisioningError(file, ['must hold connections and clients']);

  // A file that was cut off or never filled would disable everything: whoever wants that writes it.
  if (Object.keys(content).length === 0)
    throw new ProvisioningError(file, [
      'is empty, and would disable everything: `connections: []` says so on purpose',
    ]);

  const misshapen = Object.keys(content)
    .filter((name) => !(sections as readonly string[]).includes(name))
    .map((name): Fault => `${name}: is not a known section`);
  const [connections, clients] = sections.map((section) =>
    entriesOf(content[section], section, misshapen),
  );
  if (misshapen.length > 0) throw new ProvisioningError(file, [...faults, ...misshapen]);
  return { connections: connections ?? [], clients: clients ?? [], faults };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ProvisioningError(file, [
      `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
    ]);
  }
}

function entriesOf(value: unknown, section: string, faults: Fault[]): Record<string, unknown>[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    faults.push(`${section}: must be a list`);
    return [];
  }
  return (value as unknown[]).filter((entry, index): entry is Record<string, unknown> => {
    if (isRecord(entry)) return true;
    faults.push(`${section}[${index}]: must be a set of fields`);
    return false;
  });
}

/** `${NAME}` becomes the variable's value, or what the file named by `NAME_FILE` holds, as text; `$${` stands for a plain `${`. */
function interpolate(
  value: unknown,
  place: string,
  env: NodeJS.ProcessEnv,
  faults: Fault[],
): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$?\$\{([^}]*)\}/g, (written, name: string) => {
      if (written.startsWith('$$')) return written.slice(1);
      // What is no name may be a part of a secret.
      if (!/^\w+$/.test(name)) {
        faults.push(`${place}: holds a \${…} that names no variable`);
        return '';
      }
      const { value: found, fault } = readVariable(env, name);
      if (fault) faults.push(`${place}: ${fault}`);
      else if (found === undefined || found === '')
        faults.push(`${place}: the variable ${name} is not set`);
      return found ?? '';
    });
  }
  if (Array.isArray(value))
    return value.map((entry, index) => interpolate(entry, `${place}[${index}]`, env, faults));
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name,
        interpolate(inner, place ? `${place}.${name}` : name, env, faults),
      ]),
    );
  }
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where the aliases stand that name no anchor: a secret that begins with `*` is read as one. */
function lostAliases(document: Document): number[] {
  const places: number[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (!alias.resolve(document)) places.push(alias.range?.[0] ?? 0);
    },
  });
  return places;
}

/** @throws ProvisioningError where aliases would make a small file a huge one */
function plainOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch {
    throw new ProvisioningError(file, ['its aliases (*name) cannot be followed']);
  }
}
