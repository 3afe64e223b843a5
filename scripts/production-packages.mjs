import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository. */
export const root = resolve(import.meta.dirname, '..');

/** What their packages say in another way than SPDX does, or only in their readme; each was read by a person. */
const readByHand = {
  '@darabonba/typescript': 'Apache-2.0',
  pause: 'MIT',
};

/**
 * Every package that the service itself needs, from the lock file: on any platform, whether it is installed here or not. What npm calls
 * `devOptional` is no such one: we build with it, and another package could use it (TypeScript).
 * @returns {{ name: string, version: string, licence: string }[]} in the order of their names; one line for each version
 */
export function productionPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const lines = new Map();
  for (const [folder, { dev, devOptional, version, license }] of Object.entries(packages)) {
    if (folder === '' || dev || devOptional) continue;
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const licence = readByHand[name] ?? license ?? olderForm(folder) ?? 'unknown';
    lines.set(`${name} ${version}`, { name, version, licence });
  }
  return [...lines.values()].sort(
    (a, b) => compare(a.name, b.name) || compare(a.version, b.version),
  );
}

/** `licenses: [{ type }]`, as packages wrote before npm knew `license`. */
function olderForm(folder) {
  const { licenses } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return licenses?.map(({ type }) => type).join(' OR ');
}

/** By code points: the same on every machine. */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
