import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { environmentVariables } from '../src/config/environment.js';
import { httpLimits } from '../src/http-server/http-limits.js';

const root = resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const groups = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '');

const english = read('docs/operations.md');
const chinese = read('docs/operations.zh-CN.md');
const both: [string, string][] = [
  ['in English', english],
  ['in Chinese', chinese],
];

const code = (text: string): string[] => groups(text, /^ *```(\w+\n[\s\S]*?)^ *```$/gm);
const withoutCode = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```$/gm, '');
const headings = (text: string): string[] => groups(withoutCode(text), /^(#+ .*)$/gm);
/** As GitHub makes them. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');

describe('the handbook', () => {
  it('is the same in both languages: headings, code, tables, lists', () => {
    const shape = (text: string) => ({
      levels: headings(text).map((heading) => heading.split(' ')[0]),
      code: code(text),
      rows: groups(text, /^(\|)/gm).length,
      items: groups(withoutCode(text), /^(-|\d+\.) /gm),
    });
    expect(headings(english).length).toBeGreaterThan(40);
    expect(code(english).length).toBeGreaterThan(12);
    expect(shape(chinese)).toEqual(shape(english));
  });

  it.each(both)('%s leads to headings that exist', (_language, text) => {
    const known = headings(text).map(anchorOf);
    const wanted = groups(text, /\]\(#([^)]+)\)/g);
    expect(wanted.length).toBeGreaterThan(5);
    expect(wanted.filter((anchor) => !known.includes(anchor))).toEqual([]);
  });

  it.each(both)('%s names only variables that there are', (_language, text) => {
    const offered = [
      ...Object.keys(environmentVariables),
      ...groups(read('.env.example'), /^#? ?([A-Z_]+)=/gm),
      ...groups(read('deploy/caddy/Caddyfile'), /\{\$([A-Z_]+)/g),
    ];
    const named = groups(withoutCode(text), /`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`/g);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !offered.includes(name))).toEqual([]);
  });

  it.each(both)('%s names only commands that there are', (_language, text) => {
    const known = groups(read('docs/cli.md'), /^## `lingpai ([a-z -]+)`/gm);
    const used = [
      ...groups(text, /lingpai-1 lingpai ((?:[a-z]+ )?[a-z-]+)/g),
      ...groups(text, /`lingpai ((?:keys|secrets|connections|accounts) [a-z-]+|[a-z]+-[a-z-]+)/g),
    ];
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((command) => !known.includes(command))).toEqual([]);
  });

  it('knows the limits that are fixed', () => {
    expect(httpLimits).toMatchObject({
      headerBytes: 16_384,
      headersMs: 15_000,
      bodyMs: 30_000,
      silenceMs: 60_000,
      keepAliveMs: 75_000,
      connections: 10_000,
    });
    const main = read('src/main.ts');
    expect(main).toContain('stopLimitMs = 25_000;');
    expect(main).toContain('lastWritesMs = 3000;');
  });
});
