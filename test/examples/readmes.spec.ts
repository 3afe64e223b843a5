import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

const examples = resolve(import.meta.dirname, '../../examples');
const groups = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '');

describe.each(readdirSync(examples))('the example %s', (name) => {
  const folder = join(examples, name);
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.endsWith('.md') && statSync(join(folder, file)).isFile())
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');

  it('explains every setting that it reads', () => {
    const read = groups(
      sources,
      /(?:env\['|required\('|environ\W+(?:get\()?"|(?:required|setting)\("|\$\{)([A-Z_]+)/g,
    );
    const rows = groups(readme, /^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|/gm);
    const explained = rows.flatMap((row) => groups(row, /`([A-Z_]+)`/g));
    expect(explained).toContain('AUDIENCE');
    expect([...new Set(read)].sort()).toEqual([...explained].sort());
  });

  it('links to what exists', () => {
    const links = groups(readme, /\]\((?!https?:)([^)#]+)\)/g);
    expect(links).toContain('../../docs/verifying-tokens.md');
    expect(links.filter((link) => !existsSync(join(folder, link)))).toEqual([]);
  });

  it('fits on a screen', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(45);
  });
});

const goHere = process.env['CI'] !== undefined || spawnSync('gofmt', ['-h']).error === undefined;
if (!goHere)
  process.stderr.write(
    'gofmt is not installed: the form of the Go example is not looked at (apt-get install golang-go)\n',
  );

(goHere ? it : it.skip)('the Go example has the form that gofmt gives', () => {
  const { status, stdout } = spawnSync('gofmt', ['-l', join(examples, 'go')], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '']);
});
