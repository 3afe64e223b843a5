import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What package.json calls this version. It stands above `src` as it does above `dist`. */
export function packageVersion(from: string = import.meta.dirname): string {
  const file = join(from, 'package.json');
  if (!existsSync(file) && dirname(from) !== from) return packageVersion(dirname(from));
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
