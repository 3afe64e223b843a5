import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { stringify } from 'yaml';

import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/postgres.js';
import { Encryption } from '../../common/encryption.js';
import { Logger } from '../../common/logger.js';
import { Secret } from '../../common/secret.js';
import { createDataSource } from '../../database/data-source.js';
import { ProvisioningError } from './provisioning-file.js';
import { StoredDefinitions } from '../stored-definitions.js';
import { Provisioning } from './provisioning.js';

const connection = {
  slug: 'dingtalk',
  platform: 'dingtalk',
  displayName: '钉钉',
  clientId: 'dingexampleappkey1',
  clientSecret: 'a-secret-of-dingtalk',
  corpId: 'dingexamplecorp01',
};
const client = {
  clientId: 'portal',
  displayName: '门户',
  clientSecret: '${PORTAL_SECRET}',
  redirectUris: ['https://portal.example.com/callback'],
};
const env = { PORTAL_SECRET: 'a-secret-of-the-portal' };

let database: TestDatabase;
let dataSource: DataSource;
let provisioning: Provisioning;
let file: string;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource(new Secret(database.url), 5, () => undefined);
  await dataSource.initialize();
  provisioning = new Provisioning(
    dataSource,
    new StoredDefinitions(new Encryption([Buffer.alloc(32, 7)])),
    new Logger('silent'),
  );
  file = join(await mkdtemp(join(tmpdir(), 'lingpai-provisioning-')), 'lingpai.yaml');
});

beforeEach(async () => {
  await dataSource.query('delete from connections');
  await dataSource.query('delete from clients');
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function apply(content: object): Promise<void> {
  await writeFile(file, stringify(content));
  await provisioning.apply(file, env);
}

async function faultsOf(content: object | string): Promise<readonly string[]> {
  await writeFile(file, typeof content === 'string' ? content : stringify(content));
  const error = await provisioning.apply(file, env).catch((thrown: unknown) => thrown);
  if (error instanceof ProvisioningError) return error.faults;
  throw new Error('the file was taken');
}

async function rows(): Promise<
  { slug: string; enabled: boolean; updated_at: Date; secrets: string }[]
> {
  return dataSource.query(
    'select slug, enabled, updated_at, secrets from connections order by slug',
  );
}

describe('applying the file', () => {
  it('twice changes no row', async () => {
    await apply({ connections: [connection], clients: [client] });
    const before = await rows();
    const clientsBefore = await dataSource.query<unknown[]>('select * from clients');
    await apply({ connections: [connection], clients: [client] });
    expect(await rows()).toEqual(before);
    expect(await dataSource.query('select * from clients')).toEqual(clientsBefore);
  });

  it('by two replicas at once makes each row once', async () => {
    await writeFile(file, stringify({ connections: [connection], clients: [client] }));
    await Promise.all([provisioning.apply(file, env), provisioning.apply(file, env)]);
    expect(await rows()).toHaveLength(1);
  });

  it('disables what left it, and enables what comes back', async () => {
    await apply({ connections: [connection, { ...connection, slug: 'second' }] });
    await apply({ connections: [connection] });
    expect((await rows()).map(({ slug, enabled }) => [slug, enabled])).toEqual([
      ['dingtalk', true],
      ['second', false],
    ]);
    await apply({ connections: [connection, { ...connection, slug: 'second' }] });
    expect((await rows()).every(({ enabled }) => enabled)).toBe(true);
  });

  it('writes what changed, and keeps every secret encrypted', async () => {
    await apply({ connections: [connection], clients: [client] });
    const [before] = await rows();
    await apply({
      connections: [{ ...connection, clientSecret: 'another-secret' }],
      clients: [client],
    });
    const [after] = await rows();
    expect(after?.secrets).not.toBe(before?.secrets);
    const stored = JSON.stringify([
      await dataSource.query('select * from connections'),
      await dataSource.query('select * from clients'),
    ]);
    expect(stored).not.toMatch(/a-secret-of|another-secret/);
  });

  it('leaves alone what was made by the API', async () => {
    await apply({ connections: [connection] });
    await dataSource.query('update connections set managed_by_file = false');
    expect(await faultsOf({ connections: [connection] })).toEqual([
      'connections[0]: was made by the API; remove it there first',
    ]);
    await apply({ connections: [] });
    expect((await rows())[0]?.enabled).toBe(true);
  });
});

describe('a wrong file', () => {
  it('names every fault by its place, and changes nothing', async () => {
    const faults = await faultsOf({
      connections: [
        { ...connection, corpId: undefined, colour: 'green' },
        { slug: 'WeCom', platform: 'wecom', displayName: '' },
        { ...connection, signUp: 'maybe' },
      ],
      clients: [
        { ...client, redirectUris: ['https://portal.example.com/*'], requirePkce: 'no' },
        { ...client, clientSecret: undefined, grantTypes: ['client_credentials'] },
        { ...client, connections: ['nowhere'] },
      ],
    });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'connections[0].colour',
      'connections[0].corpId',
      'connections[1].slug',
      'connections[1].platform',
      'connections[1].displayName',
      'connections[2].signUp',
      'clients[0].redirectUris',
      'clients[0].requirePkce',
      'clients[1].grantTypes',
      'clients[2].connections',
      'connections[2].slug',
      'clients[1].clientId',
      'clients[2].clientId',
    ]);
    expect(await rows()).toEqual([]);
  });

  it.each([
    ['connections: [', 'line 1'],
    ['connections: []\nconnections: []', 'line 2'],
    ['colours: []', 'colours: is not a known section'],
    ['connections: 5', 'connections: must be a list'],
    ['connections: [5]', 'connections[0]: must be a set of fields'],
    [
      'connections: [{ slug: "${NOWHERE}" }]',
      'connections[0].slug: the variable NOWHERE is not set',
    ],
  ])('%s', async (content, words) => {
    expect((await faultsOf(content)).join('\n')).toContain(words);
  });

  it('is told of its variables and of its fields at once, of each place once', async () => {
    const secret = '${NOWHERE}';
    expect(
      await faultsOf({
        connections: [{ ...connection, secret, colour: 'green' }],
        clients: [{ ...client, connections: ['nowhere'] }],
      }),
    ).toEqual([
      'connections[0].secret: the variable NOWHERE is not set',
      'connections[0].colour: is not a known field',
      'clients[0].connections: no connection has the slug nowhere',
    ]);
  });

  it('never says a value', async () => {
    const faults = await faultsOf({
      connections: [{ ...connection, clientSecret: 'short', corpId: '!' }],
    });
    expect(faults.join()).not.toMatch(/short|!/);
  });

  it.each([
    ['|xsecret', 'line 5, column 20: is not YAML (UNEXPECTED_TOKEN)'],
    ['>xsecret', 'line 5, column 20: is not YAML (UNEXPECTED_TOKEN)'],
    ['}xsecret', 'line 5, column 19: is not YAML (UNEXPECTED_TOKEN)'],
    ['!e!xsecret', 'line 5, column 19: is not YAML (TAG_RESOLVE_FAILED)'],
    ['*xsecret', 'line 5, column 19: is not YAML (UNRESOLVED_ALIAS)'],
    ['@xsecret', 'line 5, column 19: is not YAML (BAD_SCALAR_START)'],
    ['ab${xsec ret}cd', 'connections[0].clientSecret: holds a ${…} that names no variable'],
  ])('never quotes a secret that YAML takes for its own: %s', async (secret, words) => {
    const faults = await faultsOf(
      `clients: []\nconnections:\n  - slug: dingtalk\n    platform: dingtalk\n    clientSecret: ${secret}\n`,
    );
    expect(faults[0]).toBe(words);
    expect(faults.join()).not.toContain('xsec');
  });

  it('is one whose aliases have no end', async () => {
    const aliases = Array.from({ length: 60 }, () => '*a').join(', ');
    expect(await faultsOf(`connections: [&a [1, 2], ${aliases}]\n`)).toEqual([
      'its aliases (*name) cannot be followed',
    ]);
  });

  it('is one that makes another app of a service provider’s', async () => {
    const app = {
      slug: 'sp',
      platform: 'wecom-service-provider',
      displayName: 'W',
      appType: 'third-party',
      providerCorpId: 'ww9f3c1a7be20d4651',
      providerSecret: 'a-secret-of-the-provider',
      suiteId: 'ww2b7d60e1f4c8a935',
      suiteSecret: 'a-secret-of-the-suite',
      eventToken: 'token01',
      eventAesKey: 'SimulatorOnlyKeySimulatorOnlyKey01234567890',
    };
    await apply({ connections: [app] });
    expect(await faultsOf({ connections: [{ ...app, suiteId: 'ww71ac05de94b3f862' }] })).toEqual([
      'connections[0].suiteId: is fixed once made',
    ]);
    await apply({ connections: [{ ...app, suiteSecret: 'another-secret-of-the-suite' }] });
  });

  it('is one that changes the platform of a slug', async () => {
    await apply({ connections: [connection] });
    const other = {
      slug: 'dingtalk',
      platform: 'wecom-self-built',
      displayName: 'W',
      corpId: 'ww1a2b3c',
      agentId: 1,
      secret: 'a-secret-of-wecom',
    };
    expect(await faultsOf({ connections: [other] })).toEqual([
      'connections[0].platform: is fixed once made',
    ]);
  });
});
