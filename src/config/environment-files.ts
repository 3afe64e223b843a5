import { readFileSync } from 'node:fs';

import type { Fault } from '../common/faults.js';

/** A value of the environment, or what is wrong with it. */
export interface Variable {
  readonly value: string | undefined;
  readonly fault?: Fault;
}

/**
 * Reads a variable: `NAME` itself, or else the file that `NAME_FILE` names, as Docker and Kubernetes hand secrets over. The file's
 * last line end does not count. Empty is as good as none; an empty file is a secret that was never made.
 */
export function readVariable(env: NodeJS.ProcessEnv, name: string): Variable {
  const value = env[name];
  const file = env[`${name}_FILE`];
  if (!file) return { value };
  if (value) return { value, fault: `${name}, ${name}_FILE: must not both be set` };
  try {
    const read = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return read
      ? { value: read }
      : { value: undefined, fault: `${name}_FILE: names an empty file` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return { value: undefined, fault: `${name}_FILE: names a file that cannot be read (${code})` };
  }
}
