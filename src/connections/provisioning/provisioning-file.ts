import { readFileSync } from 'node:fs';

import { parseDocument } from 'yaml';

import type { Fault } from '../../common/faults.js';

/** The provisioning file, parsed and interpolated; its entries are not checked yet. */
export interface ProvisioningFile {
  readonly connections: readonly Readonly<Record<string, unknown>>[];
  readonly clients: readonly Readonly<Record<string, unknown>>[];
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
 * @throws ProvisioningError
 */
export function readProvisioningFile(file: string, env: NodeJS.ProcessEnv): ProvisioningFile {
  const document = parseDocument(readText(file), { uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new ProvisioningError(
      file,
      // The library's own words may quote the file, and that a secret.
      document.errors.map((error) => `line ${lineOf(error)}: is not YAML (${error.code})`),
    );
  }
  const faults: Fault[] = [];
  const content = interpolate(document.toJS({ maxAliasCount: 50 }), '', env, faults) ?? {};
  if (!isRecord(content)) throw new ProvisioningError(file, ['must hold connections and clients']);

  for (const name of Object.keys(content)) {
    if (!(sections as readonly string[]).includes(name))
      faults.push(`${name}: is not a known section`);
  }
  const [connections, clients] = sections.map((section) =>
    entriesOf(content[section], section, faults),
  );
  if (faults.length > 0) throw new ProvisioningError(file, faults);
  return { connections: connections ?? [], clients: clients ?? [] };
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

/** `${NAME}` becomes the variable's value, as text; `$${` stands for a plain `${`. */
function interpolate(
  value: unknown,
  place: string,
  env: NodeJS.ProcessEnv,
  faults: Fault[],
): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$?\$\{([^}]*)\}/g, (written, name: string) => {
      if (written.startsWith('$$')) return written.slice(1);
      const found = env[name];
      if (found === undefined || found === '')
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

function lineOf(error: {
  linePos?: [{ line: number }, ...unknown[]] | [{ line: number }];
}): number {
  return error.linePos?.[0].line ?? 1;
}
