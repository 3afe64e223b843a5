// `npm run sbom` writes sbom.cdx.json: what an installation for production consists of (CycloneDX), for scanners and auditors.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { productionPackages, root } from './production-packages.mjs';

const words = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--omit', 'dev'];
const written = execFileSync('npm', words, {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const bom = JSON.parse(written);
nameItself(bom);
fillLicences(bom);
const target = process.argv[2] ?? join(root, 'sbom.cdx.json');
writeFileSync(target, `${JSON.stringify(bom, undefined, 2)}\n`);

/** npm calls a project after the folder that it happens to lie in. */
function nameItself({ metadata, dependencies }) {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const before = metadata.component['bom-ref'];
  const after = `${name}@${version}`;
  Object.assign(metadata.component, { 'bom-ref': after, name, purl: `pkg:npm/${after}` });
  for (const dependency of dependencies) if (dependency.ref === before) dependency.ref = after;
}

/** Where npm finds none, or one that SPDX does not know. */
function fillLicences({ components }) {
  const known = new Map(
    productionPackages().map(({ name, version, licence }) => [`${name}@${version}`, licence]),
  );
  for (const component of components) {
    const id = known.get(`${component.name}@${component.version}`);
    if (id) component.licenses = [{ license: { id } }];
  }
}
