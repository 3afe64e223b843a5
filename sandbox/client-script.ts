import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { PlatformCall } from './http/platform-host.js';

const folder = join(import.meta.dirname, 'pages', 'scripts');

/** A script that a platform serves to pages: files of `pages/scripts`, with words in capitals replaced by values. */
export function clientScript(
  path: string,
  files: readonly string[],
  values: () => Readonly<Record<string, string>> = () => ({}),
): PlatformCall {
  const source = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  return {
    methods: ['GET'],
    path,
    takesToken: false,
    answer: () => ({
      status: 200,
      headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-store' },
      body: Object.entries(values()).reduce(
        (body, [name, value]) => body.replaceAll(`'${name}'`, () => JSON.stringify(value)),
        source,
      ),
    }),
  };
}
