import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { ClientFields } from '../src/auth/issuer/clients/client.fields.js';
import { providerFactories } from '../src/auth/providers/provider.factories.js';
import { fieldsOf, readAs } from '../src/common/faults.js';
import { environmentVariables } from '../src/config/environment.js';
import { readConnection } from '../src/connections/connection.definition.js';
import { ConnectionFields } from '../src/connections/connection.fields.js';
import { readProvisioningFile } from '../src/connections/provisioning/provisioning-file.js';

const root = resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const groups = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '');

const english = read('README.md');
const chinese = read('README.zh-CN.md');
const bothReadmes: [string, string][] = [
  ['README.md', english],
  ['README.zh-CN.md', chinese],
];

/** The languages and contents of the fenced blocks, which are the same in every language. */
const code = (text: string): string[] => groups(text, /^```(\w+\n[\s\S]*?)^```$/gm);
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');
const levels = (text: string): string[] => groups(withoutCode(text), /^(#+) /gm);
const commands = (text: string): string[] => groups(text, /npm run ([\w:]+)/g);

describe('the READMEs', () => {
  it('are in step', () => {
    expect(levels(english).length).toBeGreaterThan(10);
    expect(levels(chinese)).toEqual(levels(english));
    expect(code(chinese)).toEqual(code(english));
    expect(groups(chinese, /^(\d+)\. /gm)).toEqual(groups(english, /^(\d+)\. /gm));
    expect(groups(chinese, /^(\|)/gm)).toHaveLength(groups(english, /^(\|)/gm).length);
  });

  it.each(bothReadmes)('%s lists exactly the variables that the service reads', (_name, text) => {
    expect(groups(text, /^\| `([A-Z_]+)` \|/gm)).toEqual(Object.keys(environmentVariables));
  });

  it('explain every variable in the words of the code', () => {
    for (const [name, meaning] of Object.entries(environmentVariables)) {
      expect(english).toContain(`| \`${name}\` | ${meaning} |`);
    }
  });

  it.each(bothReadmes)('%s holds the two commands, and no other than there are', (_name, text) => {
    expect(text).toContain('npm ci && npm run demo\n');
    expect(text).toContain('npm ci && npm test\n');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: object };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(commands(text)));
  });

  it('show connections and clients that are valid', () => {
    const yaml = code(english).find((block) => block.startsWith('yaml'));
    const { connections, clients } = parse(yaml?.replace('yaml\n', '') ?? '') as Sections;
    expect(connections).toHaveLength(2);
    expect(clients).toHaveLength(1);
    expect(faultsOf({ connections, clients })).toEqual([]);
  });
});

describe('the papers', () => {
  const papers = [
    'README.md',
    'README.zh-CN.md',
    'SECURITY.md',
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ];

  it.each(papers)('%s links to what exists', (paper) => {
    const links = groups(read(paper), /\]\((?!https?:)([^)#]+)\)/g);
    const broken = links.filter((link) => !existsSync(join(root, dirname(paper), link)));
    expect(broken).toEqual([]);
  });

  it.each(papers.filter((name) => name.startsWith('docs/decisions/')))(
    '%s has its four parts',
    (paper) => {
      expect(groups(read(paper), /^## (.+)$/gm)).toEqual([
        'Context',
        'Choice',
        'Alternatives',
        'Consequences',
      ]);
    },
  );
});

describe('the provisioning example', () => {
  const name = 'docs/provisioning.example.yaml';
  const text = read(name);
  const env = {
    DINGTALK_CLIENT_ID: 'dingexampleappkey1',
    DINGTALK_CLIENT_SECRET: 'a-secret-of-dingtalk',
    WECOM_SECRET: 'a-secret-of-wecom',
    PORTAL_CLIENT_SECRET: 'a-secret-of-the-portal',
  };

  it('is valid', () => {
    const file = readProvisioningFile(join(root, name), env);
    expect(file.connections).toHaveLength(2);
    expect(file.clients).toHaveLength(1);
    expect(faultsOf(file)).toEqual([]);
  });

  it('shows every field that a connection or a client may have', () => {
    const settings = Object.values(providerFactories).map((factory) => factory.settings);
    const fields = [ConnectionFields, ClientFields, ...settings].flatMap((type) => [
      ...fieldsOf(type),
    ]);
    expect(fields).toEqual(expect.arrayContaining(['slug', 'corpId', 'redirectUris']));
    const shown = new Set(groups(text, /^[ #-]*(\w+):/gm));
    expect(fields.filter((field) => !shown.has(field))).toEqual([]);
  });
});

interface Sections {
  readonly connections: readonly Readonly<Record<string, unknown>>[];
  readonly clients: readonly Readonly<Record<string, unknown>>[];
}

function faultsOf({ connections, clients }: Sections): string[] {
  return [
    ...connections.flatMap((plain) => readConnection(plain).faults),
    ...clients.flatMap((plain) => readAs(ClientFields, plain).faults),
  ];
}
