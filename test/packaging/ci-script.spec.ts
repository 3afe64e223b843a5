import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { groups, read, root } from './files.js';

const script = read('.ci/run');

describe('the CI script', () => {
  it('can be run, and runs the README’s own commands', () => {
    expect(statSync(join(root, '.ci/run')).mode & 0o111).toBe(0o111);
    for (const command of [
      'npm ci',
      'npm run lint',
      'npm run build',
      'npm test',
      'npm run test:browser',
      'npm run demo -- --check',
    ]) {
      expect(script).toMatch(new RegExp(`^${command}( |$)`, 'm'));
    }
  });

  it('installs every program that tests skip where it is missing, in one go, and starts none of them', () => {
    const packages = /^packages=\(([^)]+)\)$/m.exec(script)?.[1]?.split(/\s+/) ?? [];
    const hints = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(join('test', name)));
    const named = hints.flatMap((text) => [
      ...groups(text, /\(apt-get install ([a-z0-9 +.-]+)\)/g),
      ...groups(text, /programHere\([^)]*, '([a-z0-9 +.-]+)',?\s*\)/g),
    ]);
    const needed = [...new Set(named.flatMap((words) => words.split(' ')))];
    expect(needed).toEqual(expect.arrayContaining(['redis-server', 'caddy', 'prometheus']));
    expect(needed.filter((name) => !packages.includes(name))).toEqual([]);
    expect(groups(script, /(apt-get install)/g)).toHaveLength(1);
    expect(script).toMatch(/policy-rc\.d[\s\S]*exit 101[\s\S]*apt-get install/);
  });

  it('is a script that bash understands', () => {
    expect(spawnSync('bash', ['-n', join(root, '.ci/run')]).status).toBe(0);
  });
});
