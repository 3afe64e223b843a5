// `npm run sbom` writes sbom.cdx.json: what the service consists of (CycloneDX), for scanners and auditors.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { productionPackages, root } from './production-packages.mjs';

const bom = everything();
nameItself(bom);
keepProduction(bom);
const target = process.argv[2] ?? join(root, 'sbom.cdx.json');
writeFileSync(target, `${JSON.stringify(bom, undefined, 2)}\n`);

/** npm's own list of the whole lock file. Its `--omit dev` leaves out packages of the service, too (seen with npm 11.19: @nestjs/common). */
function everything() {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const text = execFileSync('npm', [...words, '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(text);
}

/** npm calls a project after the folder that it happens to lie in. */
function nameItself({ metadata, dependencies }) {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const before = metadata.component['bom-ref'];
  const after = `${name}@${version}`;
  Object.assign(metadata.component, { 'bom-ref': after, name, purl: `pkg:npm/${after}` });
  for (const dependency of dependencies) if (dependency.ref === before) dependency.ref = after;
}

/** Takes out what only builds and tests, and fills in the licences that npm does not find. */
function keepProduction(bom) {
  const kept = new Map(
    productionPackages().map(({ name, version, licence }) => [`${name}@${version}`, licence]),
  );
  const own = bom.metadata.component['bom-ref'];
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // Of what the service itself asks for, not what its tests ask for and one of its packages too.
  const isAskedFor = (to) => to.slice(0, to.lastIndexOf('@')) in dependencies;
  bom.components = bom.components
    .filter((component) => kept.has(component['bom-ref']))
    .map((component) => {
      const id = kept.get(component['bom-ref']);
      return { ...component, licenses: [{ license: { id } }] };
    });
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => ref === own || kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter((to) => kept.has(to) && (ref !== own || isAskedFor(to))),
    }));
}
