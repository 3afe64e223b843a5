import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { ClientFields } from '../src/auth/issuer/clients/client.fields.js';
import { readAs } from '../src/common/faults.js';
import { environmentVariables } from '../src/config/environment.js';
import { readConnection } from '../src/connections/connection.definition.js';
import { readProvisioningFile } from '../src/connections/provisioning/provisioning-file.js';

const root = resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const english = read('README.md');
const chinese = read('README.zh-CN.md');

/** The text between fences, which must not differ between languages. */
const code = (text: string): string[] =>
  [...text.matchAll(/```\w+\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
const headings = (text: string): string[] =>
  [...text.matchAll(/^#+ .+$/gm)].map((match) => match[0].split(' ')[0] ?? '');
const variables = (text: string): string[] =>
  [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1] ?? '');

describe('the READMEs', () => {
  it('are in step', () => {
    expect(headings(chinese)).toEqual(headings(english));
    expect(code(chinese)).toEqual(code(english));
  });

  it.each([
    ['README.md', english],
    ['README.zh-CN.md', chinese],
  ])('%s lists exactly the variables that the service reads', (_name, text) => {
    expect(variables(text)).toEqual(Object.keys(environmentVariables));
  });

  it('hold the two commands', () => {
    expect(english).toContain('npm ci && npm run demo');
    expect(english).toContain('npm ci && npm test');
  });

  it('link to what exists', () => {
    const links = [...english.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(links.length).toBeGreaterThan(3);
    for (const link of links)
      expect(() =>
        read(link.replace(/^docs\/decisions$/, 'docs/decisions/0001-protocol-engine.md')),
      ).not.toThrow();
  });
});

describe('the provisioning example', () => {
  const env = {
    DINGTALK_CLIENT_ID: 'dingexampleappkey1',
    DINGTALK_CLIENT_SECRET: 'a-secret-of-dingtalk',
    WECOM_SECRET: 'a-secret-of-wecom',
    PORTAL_CLIENT_SECRET: 'a-secret-of-the-portal',
  };

  it('is valid', () => {
    const file = readProvisioningFile(join(root, 'docs/provisioning.example.yaml'), env);
    expect(file.connections.flatMap((plain) => readConnection(plain).faults)).toEqual([]);
    expect(file.clients.flatMap((plain) => readAs(ClientFields, plain).faults)).toEqual([]);
    expect(file.connections).toHaveLength(2);
    expect(file.clients).toHaveLength(1);
  });
});
