import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { environmentVariables } from '../src/config/environment.js';
import { httpLimits } from '../src/http-server/http-limits.js';
import { routeTable } from './e2e/routes.table.js';

const root = resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const groups = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '');

const english = read('docs/operations.md');
const chinese = read('docs/operations.zh-CN.md');
const bothPages: [string, string][] = [
  ['docs/operations.md', english],
  ['docs/operations.zh-CN.md', chinese],
];

const block = /^ *```[\s\S]*?^ *```$/gm;
const blocks = (text: string): string[] => text.match(block) ?? [];
const prose = (text: string): string => text.replace(block, '');
/** What is written as code: blocks, and spans in the prose. */
const code = (text: string): string[] => [...blocks(text), ...groups(prose(text), /`([^`\n]+)`/g)];
const headings = (text: string): string[] => groups(prose(text), /^#+ (.+)$/gm);
/** As forges make the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
    .replace(/\s/g, '-');
const anchors = (text: string): string[] => headings(text).map(anchorOf);

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}
const alerts = (parse(read('deploy/prometheus/alerts.yml')) as Rules).groups.flatMap(
  ({ rules }) => rules,
);

describe('the handbook of operations', () => {
  it('is the same in both languages', () => {
    const levels = (text: string): string[] => groups(prose(text), /^(#+) /gm);
    expect(levels(english).length).toBeGreaterThan(40);
    expect(levels(chinese)).toEqual(levels(english));
    expect(blocks(english).length).toBeGreaterThan(12);
    expect(blocks(chinese)).toEqual(blocks(english));
    const items = (text: string): string[] => groups(prose(text), /^(-|\d+\.) /gm);
    expect(items(chinese)).toEqual(items(english));
    expect(groups(chinese, /^(\|)/gm)).toHaveLength(groups(english, /^(\|)/gm).length);
  });

  it.each(bothPages)('%s has a heading for every alert, and for nothing else', (_name, text) => {
    const told = groups(text, /^### Alert: (\w+)$/gm);
    expect(told).toEqual(alerts.map(({ alert }) => alert));
    const runbooks = alerts.map(({ annotations }) => annotations['runbook']);
    expect(anchors(text).map((anchor) => `docs/operations.md#${anchor}`)).toEqual(
      expect.arrayContaining(runbooks),
    );
  });

  it.each(bothPages)('%s leads to headings that there are', (_name, text) => {
    const links = groups(prose(text), /\]\(#([^)]+)\)/g);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !anchors(text).includes(decodeURI(link)))).toEqual([]);
  });

  it.each(bothPages)('%s names commands and options of the command line', (_name, text) => {
    const sections = new Map(
      read('docs/cli.md')
        .split(/^## /m)
        .map((section) => [/^`lingpai ([^`]+)`/.exec(section)?.[1], section]),
    );
    const called = groups(
      code(text).join('\n'),
      /(?:^|(?:lingpai-1|migrate|cli\/main\.js|sudo) )lingpai ((?!\{)[a-z-][^|&\n]*)/gm,
    ).map((words) => words.split(' '));
    expect(called.length).toBeGreaterThan(10);
    const unknown = called.filter((words) => {
      const name = words.filter((word) => /^[a-z]/.test(word));
      const section = sections.get(name.slice(0, 2).join(' ')) ?? sections.get(name[0]);
      const options = words.filter((word) => word.startsWith('--') && word !== '--json');
      return !section || options.some((option) => !section.includes(`\`${option}`));
    });
    expect(unknown).toEqual([]);
  });

  it.each(bothPages)('%s names variables that there are', (_name, text) => {
    const known = [
      ...Object.keys(environmentVariables),
      ...groups(read('.env.example'), /^#? ?([A-Z_]+)=/gm),
      ...groups(read('deploy/caddy/Caddyfile'), /\{\$([A-Z_]+)/g),
    ];
    const named = groups(
      code(text).join('\n'),
      /(?<![$\w])(?!AF_|NAME_FILE)([A-Z]+(?:_[A-Z]+)+(?:_(?=…))?)/g,
    );
    expect(named.length).toBeGreaterThan(30);
    const isKnown = (name: string): boolean =>
      name.endsWith('_')
        ? known.some((each) => each.startsWith(name))
        : known.includes(name.replace(/_FILE$/, '')) || known.includes(name);
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
  });

  it.each(bothPages)('%s names metrics that there are', (_name, text) => {
    const sources = readdirSync(join(root, 'src/metrics')).filter((name) => !/spec/.test(name));
    const known = sources.flatMap((name) =>
      groups(read(`src/metrics/${name}`), /'(lingpai_\w+)'/g),
    );
    // Roles and databases of the recipes.
    const others = ['lingpai_b', 'lingpai_before', 'lingpai_restored'];
    const named = groups(text, /(?<![$\w])(lingpai_\w+)/g).filter((name) => !others.includes(name));
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(bothPages)('%s names calls that the API has', (_name, text) => {
    const plain = (path: string): string => path.replace(/(?::\w+|<[\w-]+>|\$\w+)/g, ':');
    const routes = groups(routeTable, /^(\w+ +\/\S+)/gm).map((route) =>
      plain(route.replace(/ +/, ' ')),
    );
    const called = groups(
      code(text).join('\n'),
      /\b((?:GET|POST|PUT|PATCH|DELETE) \/[\w/.:<>$-]+)/g,
    );
    expect(called.length).toBeGreaterThan(2);
    expect(called.filter((call) => !routes.includes(plain(call)))).toEqual([]);
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
