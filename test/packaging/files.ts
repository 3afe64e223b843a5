import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What cannot be run in a test, an image and its deployment, is at least read and compared with the code. */
export const root = resolve(import.meta.dirname, '../..');

/** The text of a file of the repository. */
export function read(name: string): string {
  return readFileSync(join(root, name), 'utf8');
}

/** The first group of every match. */
export function groups(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** What `package.json` says, as far as it is asked for here. */
export interface Manifest {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

export const manifest = JSON.parse(read('package.json')) as Manifest;

/** One package of the lock file. */
export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

/** Every package of the lock file by the folder it goes to; the project itself is not among them. */
export const locked: Readonly<Record<string, LockedPackage>> = (() => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.fromEntries(Object.entries(packages).filter(([folder]) => folder !== ''));
})();
