import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { transformFile } from '@swc/core';

import { swcOptions } from './fixtures/swc-options.js';

const root = join(import.meta.dirname, '..');

/**
 * Compiles the service and the example for NestJS once for the whole run: each process that a test starts would do it again, and that takes almost as long as
 * the rest of its start.
 * @returns what removes it
 */
export async function compilePrograms() {
  const folder = await mkdtemp(join(tmpdir(), 'lingpai-programs-'));
  await symlink(await realpath(join(root, 'node_modules')), join(folder, 'node_modules'));
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  await Promise.all(
    ['src', 'migrations', 'examples/nestjs/src'].map((part) => compileFolder(part, folder)),
  );
  process.env['LINGPAI_TEST_PROGRAMS'] = folder;
  return () => rm(folder, { recursive: true, force: true });
}

async function compileFolder(part, folder) {
  const entries = await readdir(join(root, part), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'));
  await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const source = join(parentPath, name);
      const target = join(folder, source.slice(root.length));
      await mkdir(dirname(target), { recursive: true });
      // What pages are made of lies beside the code that reads it.
      if (!name.endsWith('.ts')) return copyFile(source, target);
      return writeFile(target.replace(/\.ts$/, '.js'), await codeOf(source));
    }),
  );
}

/** What cannot be read fails the processes that need it, not the whole run. */
async function codeOf(source) {
  try {
    return (await transformFile(source, swcOptions)).code;
  } catch (error) {
    return `throw new SyntaxError(${JSON.stringify(`${source}: ${String(error)}`)});`;
  }
}
