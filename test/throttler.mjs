/**
 * `@nestjs/throttler` for the tests. It is CommonJS and requires Nest, which is ES modules: Node does that, Jest cannot before
 * Node 24.9. So its own files are run here as Node would run them, with Nest handed to them.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import * as common from '@nestjs/common';
import * as core from '@nestjs/core';

const folder = join(import.meta.dirname, '../node_modules/@nestjs/throttler/dist');
const outside = { '@nestjs/common': common, '@nestjs/core': core };
const builtIn = createRequire(import.meta.url);
const loaded = new Map();

function load(name) {
  if (name in outside) return outside[name];
  if (!name.startsWith('./')) return builtIn(name);
  const known = loaded.get(name);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const code = readFileSync(join(folder, `${name}.js`), 'utf8');
  new Function('require', 'module', 'exports', code)(load, module, module.exports);
  return module.exports;
}

export const {
  getOptionsToken,
  getStorageToken,
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  ThrottlerModule,
  ThrottlerStorage,
} = load('./index');
