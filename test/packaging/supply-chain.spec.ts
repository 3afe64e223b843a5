import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { locked, manifest, read, root } from './files.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-supply-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const inProduction = Object.entries(locked).filter(([, { dev }]) => !dev);

describe('the lock file', () => {
  it('takes every package by version and hash from the registry, none from git, a file or a URL of its own', () => {
    expect(Object.keys(locked).length).toBeGreaterThan(500);
    const strange = Object.entries(locked).filter(
      ([, { version, resolved, integrity, link }]) =>
        link ||
        !/^\d+\.\d+\.\d+/.test(version ?? '') ||
        !integrity?.startsWith('sha512-') ||
        (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')),
    );
    expect(strange.map(([name]) => name)).toEqual([]);
  });
});

describe('the licences', () => {
  /** The script, in a folder that holds what it reads, with a page and a lock file of our choice. */
  function check(page: string, change: (text: string) => string = (text) => text): string {
    const own = mkdtempSync(join(folder, 'licences-'));
    cpSync(join(root, 'scripts'), join(own, 'scripts'), { recursive: true });
    mkdirSync(join(own, 'docs'));
    writeFileSync(join(own, 'docs/licences.md'), page);
    writeFileSync(join(own, '.prettierrc.json'), read('.prettierrc.json'));
    writeFileSync(join(own, 'package-lock.json'), change(read('package-lock.json')));
    for (const [name] of inProduction) {
      mkdirSync(join(own, name), { recursive: true });
      const from = join(root, name, 'package.json');
      if (existsSync(from)) copyFileSync(from, join(own, name, 'package.json'));
    }
    // What the script itself is written with.
    symlinkSync(join(root, 'node_modules/prettier'), join(own, 'node_modules/prettier'));
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(own, 'scripts/licences.mjs'), '--check'],
      { encoding: 'utf8' },
    );
    return `${status}: ${stderr}`;
  }

  it('are listed in a page that is up to date, and each is one that we take', () => {
    expect(manifest.scripts['licences']).toBe('node scripts/licences.mjs');
    expect(check(read('docs/licences.md'))).toBe('0: ');
  });

  it('are missed where the page is not up to date', () => {
    const older = read('docs/licences.md').replace(/^\| `oidc-provider`.*\n/m, '');
    expect(check(older)).toBe('1: docs/licences.md is not up to date: npm run licences\n');
  });

  it('are refused where one of them asks for more than its notice', () => {
    const said = check(read('docs/licences.md'), (text) => {
      const lock = JSON.parse(text) as { packages: Record<string, { license?: string }> };
      lock.packages['node_modules/pino']!.license = 'AGPL-3.0-only';
      return JSON.stringify(lock);
    });
    expect(said).toMatch(
      /^1: pino \d[\d.]+: the licence AGPL-3\.0-only is not among those we take/,
    );
  });

  it('name every package of the service, and none that only builds or tests it', () => {
    const page = read('docs/licences.md');
    for (const name of Object.keys(manifest.dependencies)) expect(page).toContain(`| \`${name}\``);
    expect(page).not.toMatch(/\| `(?:jest|typescript|eslint|@nestjs\/cli)`/);
  });
});

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: Readonly<Record<string, unknown>> };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes?: readonly { readonly alg: string }[];
    readonly licenses?: readonly { readonly license: { readonly id?: string } }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: string[] }[];
}

describe('the bill of materials', () => {
  it('names each package that production installs, with its address, hash and licence, and who needs it', () => {
    const file = join(folder, 'sbom.cdx.json');
    expect(manifest.scripts['sbom']).toBe('node scripts/sbom.mjs');
    execFileSync(process.execPath, [join(root, 'scripts/sbom.mjs'), file], { stdio: 'pipe' });
    const bom = JSON.parse(readFileSync(file, 'utf8')) as Bom;

    expect(bom.bomFormat).toBe('CycloneDX');
    const itself = `lingpai@${manifest.version}`;
    expect(bom.metadata.component).toMatchObject({
      'bom-ref': itself,
      type: 'application',
      name: 'lingpai',
      version: manifest.version,
      purl: `pkg:npm/${itself}`,
    });
    const strange = bom.components.filter(
      ({ name, version, purl, hashes, licenses }) =>
        purl !== `pkg:npm/${name.replace('@', '%40')}@${version}` ||
        hashes?.[0]?.alg !== 'SHA-512' ||
        !licenses?.[0]?.license.id,
    );
    expect(strange.map(({ name }) => name)).toEqual([]);

    const names = new Set(bom.components.map(({ name }) => name));
    for (const name of Object.keys(manifest.dependencies)) expect(names).toContain(name);
    expect([...names].filter((name) => /^(?:jest|typescript|eslint)$/.test(name))).toEqual([]);
    const references = new Set([itself, ...bom.components.map((each) => each['bom-ref'])]);
    const own = bom.dependencies.find(({ ref }) => ref === itself);
    expect(own?.dependsOn?.length).toBe(Object.keys(manifest.dependencies).length);
    for (const { ref, dependsOn = [] } of bom.dependencies)
      for (const each of [ref, ...dependsOn]) expect(references).toContain(each);
  });
});
