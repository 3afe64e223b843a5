import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import * as client from 'openid-client';
import type { DataSource } from 'typeorm';

import { Cli } from '../../src/cli/cli.js';
import { runCli } from '../../src/cli/run-cli.js';
import { Terminal } from '../../src/cli/terminal.js';
import { Encryption } from '../../src/common/encryption.js';
import { Secret } from '../../src/common/secret.js';
import { StoredDefinitions } from '../../src/connections/stored-definitions.js';
import { createDataSource } from '../../src/database/data-source.js';
import { migrations } from '../../src/database/migrations.js';
import { adminApi, type Api, machineToken } from '../fixtures/api.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import {
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
} from '../fixtures/postgres.js';
import { compiled } from '../fixtures/programs.js';
import { redisHere, TestRedis } from '../fixtures/redis.js';
import { ReplicaProcess } from '../fixtures/replica-process.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

const root = resolve(import.meta.dirname, '../..');
const limitMs = 60_000;
const secretKey = randomBytes(32).toString('base64');
const itWithRedis = redisHere ? it : it.skip;
// Each run is a process that loads all of the service.
jest.setTimeout(120_000);

/** Everything that any run printed. */
let printed = '';
let bed: TestBed;
let api: Api;
let folder: string;
/** What the CLI is told; as much as a replica. */
let env: Record<string, string>;

interface Run {
  /** `null`: it did not end by itself. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lingpai-cli-'));
  bed = await openTestBed({ env: { SECRET_KEY: secretKey } });
  api = await adminApi(bed);
  env = {
    ISSUER_URL: bed.issuer,
    DATABASE_URL: bed.database.url,
    SECRET_KEY: secretKey,
    LINGPAI_DATA_DIR: folder,
  };
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the tool as a process of its own. */
async function lingpai(
  words: string,
  given: Record<string, string> = env,
  killed?: AbortSignal,
): Promise<Run> {
  return runFile('src/cli/main.ts', words.split(' ').filter(Boolean), given, killed);
}

async function runFile(
  file: string,
  words: readonly string[],
  given: Record<string, string>,
  killed?: AbortSignal,
): Promise<Run> {
  const child = spawn(process.execPath, [compiled(file), ...words], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', ...given },
    timeout: limitMs,
  });
  killed?.addEventListener('abort', () => child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  printed += out + err;
  // What the protocol engine has to say of an older Node is none of ours.
  return { code, out, err: err.replace(/^oidc-provider WARNING: .*\n/gm, '') };
}

/** The same without a process: for the many ways in which a command may end. */
async function inside(words: string, given: Record<string, string> = env): Promise<Run> {
  let [out, err] = ['', ''];
  const code = await runCli(
    words.split(' ').filter(Boolean),
    given,
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
  );
  printed += out + err;
  return { code, out, err };
}

/** The one document that a script reads. */
async function document(words: string, given = env): Promise<{ code: number | null; body: never }> {
  const { code, out } = await inside(`${words} --json`, given);
  return { code, body: JSON.parse(out) as never };
}

const names = migrations.map(({ name }) => name);
const list = names.map((name) => `  ${name}\n`).join('');
const deadPostgres = 'postgres://lingpai:a-password-of-postgres@127.0.0.1:1/lingpai';

const rootHelp = `Usage: lingpai [options] [command]

Administers Lingpai from the machine it runs on: it reads the same environment as the service
(NAME or NAME_FILE) and works on the same database. Replicas that run follow by themselves.

Options:
  -V, --version           print the version
  --json                  print one JSON document on standard output, refusals included
  -h, --help              print this help

Commands:
  check-config [options]  find what a start would refuse
  migrate [options]       bring the schema of the database up to date
  keys                    the keys that sign tokens
  secrets                 SECRET_KEY, and what is sealed with it
  connections             configured apps on DingTalk and WeCom
  accounts                people

Exit codes:
  0  done, and nothing wrong was found
  1  refused, or something wrong was found
  2  wrong usage
  3  Postgres, Redis or a platform gave no usable answer; a later try may succeed
`;

describe('the help', () => {
  it('tells every command and exit code, and needs no environment', async () => {
    expect(await lingpai('--help', {})).toEqual({ code: 0, out: rootHelp, err: '' });
    expect(await lingpai('', {})).toEqual({ code: 2, out: '', err: rootHelp });
    expect(await lingpai('--version', {})).toEqual({ code: 0, out: '0.1.0\n', err: '' });
  });

  it('of a command has its arguments, its options and examples', async () => {
    const { code, out } = await lingpai('accounts disable --help', {});
    expect(code).toBe(0);
    expect(out).toBe(`Usage: lingpai accounts disable [options] [id]

Disables an account: its sessions and refresh tokens end, and nobody signs in to it any more. Doing
it twice does no harm.

Arguments:
  id                the account's id: the sub of its tokens

Options:
  --phone <number>  the account with this verified number, instead of its id
  -h, --help        print this help

Global Options:
  -V, --version     print the version
  --json            print one JSON document on standard output, refusals included

Examples:
  lingpai accounts disable 3f0c6f0e-7d0b-4c55-9a53-0f6f3c1f6a2e
  lingpai accounts disable --phone +8613800000000

${rootHelp.slice(rootHelp.indexOf('Exit codes'))}`);
  });

  it.each([
    ['chek-config', "unknown command 'chek-config'\n(Did you mean check-config?)"],
    ['migrate --dryrun', "unknown option '--dryrun'\n(Did you mean --dry-run?)"],
    ['migrate now', "too many arguments for 'migrate'. Expected 0 arguments but got 1."],
    [
      'migrate --wait long',
      "option '--wait <seconds>' argument 'long' is invalid. It must be a number of seconds.",
    ],
    ['accounts disable', 'give the id of the account, or --phone'],
    ['accounts disable wang', 'the id of an account is a UUID'],
    ['accounts disable --phone 12', '--phone must be a phone number, e.g. +8613800000000'],
  ])('is pointed to after wrong usage: %s', async (words, message) => {
    expect(await inside(words, {})).toEqual({
      code: 2,
      out: '',
      err: `${message} (usage)\n\`lingpai --help\` tells what there is\n`,
    });
    expect(await document(words, {})).toEqual({
      code: 2,
      body: { error: { code: 'usage', message } },
    });
  });

  it('is not what a script reads when it names no command', async () => {
    expect(await document('keys', {})).toEqual({
      code: 2,
      body: { error: { code: 'usage', message: 'no command was named' } },
    });
  });
});

describe('lingpai check-config', () => {
  const provisioning = async (text: string): Promise<string> => {
    const file = join(folder, `${randomBytes(4).toString('hex')}.yaml`);
    await writeFile(file, text);
    return file;
  };

  it('says that nothing is wrong, without database or network', async () => {
    const file = await provisioning(`connections:
  - { slug: phone, platform: local, displayName: 手机 }
clients:
  - { clientId: portal, displayName: P, clientSecret: '\${PORTAL_SECRET}', redirectUris: ['https://portal.example.com/cb'] }
`);
    const given = { ...env, DATABASE_URL: deadPostgres, PROVISIONING_FILE: file };
    expect(
      await lingpai('check-config', { ...given, PORTAL_SECRET: 'a-secret-of-the-portal' }),
    ).toEqual({
      code: 0,
      out: `environment: ok, by the rules of development
provisioning: ok, 1 connection(s) and 1 client(s) in ${file}
`,
      err: '',
    });
    expect(await inside('check-config', given)).toMatchObject({
      code: 1,
      out: expect.stringContaining(
        'clients[0].clientSecret: the variable PORTAL_SECRET is not set\n',
      ),
    });
  });

  it('names every fault of the environment and of the file at once, and no value', async () => {
    const file = await provisioning(`connections:
  - { slug: Ding, platform: dingtalk, displayName: D, clientId: a, clientSecret: a-secret-in-the-file }
clients:
  - { clientId: portal, displayName: P, redirectUris: ['http://portal.example.com/cb'], colour: green }
`);
    const wrong = { PORT: 'eighty', SECRET_KEY: 'c2hvcnQ=', PROVISIONING_FILE: file };
    expect(await lingpai('check-config', wrong)).toEqual({
      code: 1,
      out: `environment: 2 fault(s)
  PORT: must be a port number from 0 to 65535
  SECRET_KEY: must be 32 random bytes in base64 (make one with \`openssl rand -base64 32\`), or several, separated by commas
provisioning: 4 fault(s) in ${file}
  connections[0].slug: must be 1 to 31 lower-case letters, digits or dashes
  connections[0].corpId: must be the corp’s id (ding…), or be left out together with tenantPolicy: any
  clients[0].colour: is not a known field
  clients[0].redirectUris: must be absolute, with https (http on localhost only), without user, fragment or wildcard
`,
      err: '',
    });
    const { code, body } = await document('check-config --connect', wrong);
    expect(code).toBe(1);
    expect(body).toMatchObject({
      ok: false,
      checks: [
        { name: 'environment', ok: false, code: 'environment_invalid' },
        { name: 'provisioning', ok: false, code: 'provisioning_invalid' },
        { name: 'postgres', ok: false, message: 'not tried, as the environment has faults' },
      ],
    });
  });

  it('says what production would refuse', async () => {
    const expected = {
      code: 1,
      out: `environment: 2 fault(s)
  ISSUER_URL: must begin with https:// in production
  SECRET_KEY: must be set in production (make one with \`openssl rand -base64 32\`)
provisioning: ok, PROVISIONING_FILE is not set
`,
      err: '',
    };
    const { SECRET_KEY: _none, ...given } = env;
    expect(await inside('check-config --production', given)).toEqual(expected);
    expect(await inside('check-config', { ...given, NODE_ENV: 'production' })).toEqual(expected);
  });

  it('takes variables from files', async () => {
    const { SECRET_KEY: _none, ...given } = env;
    const file = join(folder, 'secret_key');
    await writeFile(file, `${secretKey}\n`);
    const fromFile = { ...given, ISSUER_URL: 'https://id.example.com', SECRET_KEY_FILE: file };
    expect(await inside('check-config --production', fromFile)).toMatchObject({
      code: 0,
      out: expect.stringContaining('environment: ok, by the rules of production\n'),
    });
    expect(
      await inside('check-config', { ...given, SECRET_KEY_FILE: '/nowhere/at/all' }),
    ).toMatchObject({
      code: 1,
      out: expect.stringContaining('SECRET_KEY_FILE: names a file that cannot be read (ENOENT)\n'),
    });
  });

  it('tries Postgres when it is asked to', async () => {
    const { code, out } = await lingpai('check-config --connect');
    expect(out.replace(/version [\d.]+/, 'version X')).toBe(
      `environment: ok, by the rules of development
provisioning: ok, PROVISIONING_FILE is not set
postgres: ok, version X
schema: ok, up to date
secret-key: ok, its keys have sealed all that is stored
redis: ok, REDIS_URL is not set
`,
    );
    expect(code).toBe(0);

    expect(
      await document('check-config --connect', { ...env, DATABASE_URL: deadPostgres }),
    ).toEqual({
      code: 3,
      body: expect.objectContaining({
        checks: expect.arrayContaining([
          {
            name: 'postgres',
            ok: false,
            code: 'postgres_unreachable',
            message: 'Postgres is not reachable: connect ECONNREFUSED 127.0.0.1:1.',
          },
        ]),
      }),
    });
    const stranger = new URL(env['DATABASE_URL'] ?? '');
    stranger.password = 'a-password-of-postgres';
    expect(
      await inside('check-config --connect', { ...env, DATABASE_URL: stranger.href }),
    ).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^postgres: DATABASE_URL: Postgres does not let us in: password authentication failed/m,
      ),
    });
  });

  it('tells a key that is not the one', async () => {
    const other = randomBytes(32).toString('base64');
    expect(await inside('check-config --connect', { ...env, SECRET_KEY: other })).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^secret-key: SECRET_KEY cannot open what is stored: .*connections: 2 under key [0-9a-f]{8}/m,
      ),
    });
  });

  it('tells what the schema lacks, and whether a start would mend it', async () => {
    const empty = await createEmptyDatabase();
    const given = { ...env, DATABASE_URL: empty.url };
    expect(await inside('check-config --connect', given)).toMatchObject({
      code: 0,
      out: expect.stringContaining(
        `schema: ok, ${names.length} migration(s) are pending: a start runs them\n`,
      ),
    });
    expect(
      await inside('check-config --connect', { ...given, MIGRATE_ON_START: 'false' }),
    ).toMatchObject({
      code: 1,
      out: expect.stringContaining(
        `schema: ${names.length} migration(s) are pending and MIGRATE_ON_START is false: run \`lingpai migrate\`\n  Accounts1763683200001\n`,
      ),
    });
    await empty.drop();
  });

  itWithRedis('tries Redis when it is asked to', async () => {
    const redis = await TestRedis.start();
    const given = { ...env, REDIS_URL: redis.url };
    expect(await inside('check-config --connect', given)).toMatchObject({
      code: 0,
      out: expect.stringContaining('redis: ok, it takes writes\n'),
    });
    await redis.remove();
    expect(await inside('check-config --connect', given)).toMatchObject({
      code: 3,
      out: expect.stringContaining('redis: it does not answer'),
    });
  });
});

describe('lingpai migrate', () => {
  it('lists what is pending without writing, runs it once, and then has nothing to do', async () => {
    const empty = await createEmptyDatabase();
    const given = { ...env, DATABASE_URL: empty.url };
    const count = `${names.length} migration(s)`;
    expect(await inside('migrate --dry-run', given)).toEqual({
      code: 0,
      out: `${count} are pending\n${list}`,
      err: '',
    });
    const [first, second] = await Promise.all([
      lingpai('migrate', given),
      lingpai('migrate', given),
    ]);
    expect([first.out, second.out].sort()).toEqual([
      '0 migration(s) ran\n',
      `${count} ran\n${list}`,
    ]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(await document('migrate', given)).toEqual({ code: 0, body: { ran: [] } });
    expect(await document('migrate --dry-run', given)).toEqual({ code: 0, body: { pending: [] } });
    await empty.drop();
  });

  it('is what `npm run migrate` runs', async () => {
    const empty = await createEmptyDatabase();
    const given = { ...env, DATABASE_URL: empty.url };
    expect(await runFile('src/migrate.ts', ['--dry-run'], given)).toMatchObject({ code: 0 });
    expect(await runFile('src/migrate.ts', [], given)).toEqual({
      code: 0,
      out: `${names.length} migration(s) ran\n${list}`,
      err: '',
    });
    await empty.drop();
  });

  it('waits for Postgres as long as it is told', async () => {
    const given = { ...env, DATABASE_URL: deadPostgres };
    const { code, out, err } = await lingpai('migrate --wait 1', given);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/^\{"level":"warn".*"Postgres is not reachable yet"\}\n/);
    expect(err).toMatch(
      /\nPostgres did not answer within 1 second\(s\)\. \(postgres_unreachable\)\n$/,
    );
  });

  it('begins when Postgres does', async () => {
    const { port } = new URL(bed.database.url);
    const late = new URL(bed.database.url);
    late.port = String(await freePort());
    const run = lingpai('migrate', { ...env, DATABASE_URL: late.href });
    await sleep(3000);
    const wire = createServer((socket) => {
      const postgres = connect(Number(port), '127.0.0.1');
      for (const side of [socket, postgres]) side.on('error', () => side.destroy());
      socket.pipe(postgres).pipe(socket);
    });
    wire.listen(Number(late.port), '127.0.0.1');
    expect(await run).toMatchObject({ code: 0, out: '0 migration(s) ran\n' });
    wire.close();
  });

  it('is asked for by whatever needs the schema, which changes nothing itself', async () => {
    const empty = await createEmptyDatabase();
    const given = { ...env, DATABASE_URL: empty.url };
    for (const words of ['keys rotate', 'connections list']) {
      expect(await inside(words, given)).toEqual({
        code: 1,
        out: '',
        err: `The database lacks ${names.length} migration(s): run \`lingpai migrate\` or \`npm run migrate\` first. (schema_outdated)\n`,
      });
    }
    expect(await document('migrate --dry-run', given)).toMatchObject({
      body: { pending: names },
    });
    await empty.drop();
  });
});

describe('lingpai connections', () => {
  it('lists them, without a secret', async () => {
    expect(await lingpai('connections list')).toEqual({
      code: 0,
      out: `SLUG      PLATFORM          ENABLED  MANAGED BY  NAME
dingtalk  dingtalk          yes      file        钉钉
wecom-hq  wecom-self-built  yes      file        企业微信
`,
      err: '',
    });
  });

  it('lists them for a script, whatever a library says by the console meanwhile', async () => {
    // From the tool's first line on: before, the console is still Node's.
    const chatter =
      'data:text/javascript,globalThis.first=console;setInterval(()=>console!==first&&console.info(7777),20).unref()';
    const { out, err } = await lingpai('connections list --json', {
      ...env,
      NODE_OPTIONS: `--import=${chatter}`,
    });
    expect(err).toContain('7777\n');
    expect(JSON.parse(out)).toMatchObject({
      items: [
        { slug: 'dingtalk', clientId: 'dingexampleappkey1', secretsSet: ['clientSecret'] },
        { slug: 'wecom-hq', corpId: 'ww1a2b3c4d5e6f7a8b', secretsSet: ['secret'] },
      ],
    });
  });

  it('checks them all, or those that are named', async () => {
    expect(await lingpai('connections check')).toMatchObject({
      code: 0,
      out: `dingtalk: app-token: ok
dingtalk: corp-ticket: ok
dingtalk: directory: ok
wecom-hq: access-token: ok
wecom-hq: corp-ticket: ok
wecom-hq: agent-ticket: ok
wecom-hq: directory: ok
`,
      // That the platforms do not know the person who is nobody is what they were asked for.
      err: '',
    });
    expect(await document('connections check dingtalk')).toEqual({
      code: 0,
      body: {
        ok: true,
        connections: [
          {
            slug: 'dingtalk',
            ok: true,
            checks: [
              { name: 'app-token', ok: true },
              { name: 'corp-ticket', ok: true },
              { name: 'directory', ok: true },
            ],
          },
        ],
      },
    });
    expect(
      await bed.query(
        `select actor, client_id, outcome from audit_events where action = 'connection.check' and connection = 'wecom-hq'`,
      ),
    ).toEqual([{ actor: 'cli', client_id: null, outcome: 'ok' }]);
  });

  it('says what a platform refuses, and what to do about it', async () => {
    await api('POST', '/connections', {
      body: {
        slug: 'wecom-2',
        platform: 'wecom-self-built',
        displayName: '第二个应用',
        corpId: 'ww1a2b3c4d5e6f7a8b',
        agentId: '1000017',
        secret: 'a-wrong-secret-0123456789',
        endpoints: bed.sandbox.endpoints.wecom,
      },
    });
    const { code, out } = await lingpai('connections check dingtalk wecom-2');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^dingtalk: app-token: ok\n[\s\S]*\nwecom-2: access-token: platform_misconfigured \(40001\): .+\n {2}.*secret.*\n$/,
    );
    await api('DELETE', '/connections/wecom-2');
  });

  it('tells a platform that is away from one that refuses', async () => {
    bed.sandbox.control.fault({ kind: 'down', on: 'qyapi.weixin.qq.com' });
    const { code, body } = await document('connections check wecom-hq');
    expect(code).toBe(3);
    expect(body).toMatchObject({
      ok: false,
      connections: [{ slug: 'wecom-hq', checks: [{ ok: false, code: 'platform_unavailable' }] }],
    });
    bed.sandbox.control.reset();
  });

  it('tries nothing when one of the names is wrong', async () => {
    expect(await inside('connections check dingtalk nowhere')).toEqual({
      code: 1,
      out: '',
      err: 'There is no connection nowhere. (connection_not_found)\n',
    });
  });
});

describe('lingpai keys', () => {
  const published = async (): Promise<string[]> => {
    const answer = await fetch(`${bed.issuer}/.well-known/jwks.json`);
    return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  };
  const kidOf = (token: string): unknown =>
    (
      JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
        kid: unknown;
      }
    ).kid;
  const audited = (action: string) =>
    bed.query(`select actor, client_id, details from audit_events where action = $1`, [action]);

  it('rotate: a replica that runs publishes the new key, and signs with it from then on', async () => {
    const [before] = await published();
    const { code, out, err } = await lingpai('keys rotate');
    const [, kid = '', from = ''] =
      /^key (\S+) \(RS256\) is published, and signs from (\S+Z) on\n$/.exec(out) ?? [];
    expect({ code, err, kid: kid.length }).toEqual({ code: 0, err: '', kid: 43 });
    await eventually(async () => expect(await published()).toEqual([before, kid]), 25_000);

    const again = await document('keys rotate');
    expect(again.body).toMatchObject({ key: { kid, state: 'next', signsFrom: from } });
    expect(await audited('signing_key.rotate')).toEqual([
      { actor: 'cli', client_id: null, details: { kid } },
      { actor: 'cli', client_id: null, details: { kid } },
    ]);

    expect(kidOf(await machineToken(bed, admin))).toBe(before);
    bed.clock.advance((Date.parse(from) - bed.clock.now().getTime()) / 1000 + 1);
    expect(kidOf(await machineToken(bed, admin))).toBe(kid);
    bed.clock.reset();
  });

  it('list: those that are published, in the order in which they sign', async () => {
    const { body } = await document('keys list');
    const [first, second] = (body as { items: { kid: string }[] }).items;
    expect((await published()).sort()).toEqual([first?.kid, second?.kid].sort());
    expect(body).toMatchObject({ items: [{ state: 'signing' }, { state: 'next' }] });
    expect(JSON.stringify(body)).not.toContain('"d"');
    const { code, out, err } = await lingpai('keys list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replace(/ {2,}/g, '  ');
    expect(lines).toBe(`KID  ALG  STATE  SIGNS FROM  MADE AT
${first?.kid ?? ''}  RS256  signing  TIME  TIME
${second?.kid ?? ''}  RS256  next  TIME  TIME
`);
  });

  it('revoke: only with --yes, and what there is', async () => {
    const { body } = await document('keys list');
    const [first = '', second = ''] = (body as { items: { kid: string }[] }).items.map(
      ({ kid }) => kid,
    );
    expect(await inside(`keys revoke ${first}`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^tokens that are in use will be refused: say --yes \(usage\)\n/),
    });
    expect(await document('keys revoke nowhere --yes')).toMatchObject({
      code: 1,
      body: { error: { code: 'signing_key_not_found' } },
    });
    expect(await lingpai(`keys revoke ${first} --yes`)).toEqual({
      code: 0,
      out: `key ${first} is revoked; key ${second} signs now\n`,
      err: '',
    });
    expect(await audited('signing_key.revoke')).toMatchObject([
      { actor: 'cli', client_id: null, details: { kid: first } },
    ]);
    await eventually(async () => expect(await published()).toEqual([second]), 25_000);
    expect(kidOf(await machineToken(bed, admin))).toBe(second);
    // Its token is one that the revoked key signed.
    expect((await api('GET', '/connections')).status).toBe(401);
    api = await adminApi(bed);
  });
});

describe('lingpai secrets', () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)];
  const clients = 2000;
  let database: TestDatabase;
  let dataSource: DataSource;
  /** What is told to whom: the keys in their order. */
  const withKeys = (...keys: Buffer[]): Record<string, string> => ({
    ...env,
    DATABASE_URL: database.url,
    SECRET_KEY: keys.map((key) => key.toString('base64')).join(','),
  });
  const sealedWith = async (key: Buffer): Promise<number> => {
    const [row] = await dataSource.query<{ count: number }[]>(
      `select count(*)::int as count from clients where secrets like $1`,
      [`v1.${new Encryption([key]).keyIds[0]}.%`],
    );
    return row?.count ?? 0;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource(new Secret(database.url), 2, () => undefined).initialize();
    const definitions = new StoredDefinitions(new Encryption([older]));
    for (let number = 1; number <= clients; number += 1) {
      const secrets = { clientSecret: `a-secret-of-client-${number}` };
      const definition = { key: `client-${number}`, enabled: true, settings: {}, secrets };
      await definitions.insert(dataSource.manager, 'clients', definition, false);
    }
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('reencrypt: says what it would do, and what no key opens', async () => {
    expect(await inside('secrets reencrypt --dry-run', withKeys(newer, older))).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^PLACE +TOTAL +CURRENT +TO MOVE +UNREADABLE\n[\s\S]*^clients +2000 +0 +2000 +0$[\s\S]*\n2000 value\(s\) are still sealed with older keys: these may not leave SECRET_KEY yet\n$/m,
      ),
    });
    expect(await document('secrets reencrypt', withKeys(newer))).toMatchObject({
      code: 1,
      body: {
        dryRun: false,
        olderKeysMayGo: false,
        places: expect.arrayContaining([
          { place: 'clients', total: 2000, current: 0, moved: 0, unreadable: 2000, left: 2000 },
        ]),
      },
    });
    expect(await sealedWith(older)).toBe(2000);
  });

  it('reencrypt: a run that was killed may be repeated', async () => {
    const killed = new AbortController();
    const run = lingpai('secrets reencrypt', withKeys(newer, older), killed.signal);
    await eventually(async () => expect(await sealedWith(newer)).toBeGreaterThan(50), 20_000);
    killed.abort();
    expect(await run).toMatchObject({ code: null, out: '' });
    const moved = await sealedWith(newer);
    expect(moved).toBeLessThan(clients);

    expect(await lingpai('secrets reencrypt', withKeys(newer, older))).toEqual({
      code: 0,
      out: expect.stringMatching(
        new RegExp(
          `^clients +2000 +${moved} +${clients - moved} +0$[\\s\\S]*\neverything is sealed with the first key: older keys may leave SECRET_KEY\n$`,
          'm',
        ),
      ),
      err: '',
    });
    expect(await sealedWith(newer)).toBe(2000);
    expect(await inside('check-config --connect', withKeys(newer))).toMatchObject({ code: 0 });
    expect(await document('secrets reencrypt --dry-run', withKeys(newer))).toMatchObject({
      code: 0,
      body: { olderKeysMayGo: true },
    });
    const definitions = new StoredDefinitions(new Encryption([newer]));
    expect(
      await definitions.find(dataSource.manager, 'clients', 'client-1999', false),
    ).toMatchObject({ secrets: { clientSecret: 'a-secret-of-client-1999' } });
  });

  it('new-key: one that a start takes, another one each time', async () => {
    const runs = [await lingpai('secrets new-key', {}), await lingpai('secrets new-key', {})];
    const [first = '', second = ''] = runs.map(({ out }) => out.trim());
    expect(first).not.toBe(second);
    expect(await inside('check-config', { ...env, SECRET_KEY: first })).toMatchObject({ code: 0 });
    const { body } = await document('secrets new-key', {});
    expect(body).toEqual({ secretKey: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) });
  });
});

describe('lingpai accounts', () => {
  it('disables one whose sessions and refresh tokens end at a replica that runs', async () => {
    const portal = await discoverPortal(bed);
    const { began, back, browser } = await signInOnWeb(portal, 'dingtalk', 'manager0042');
    const tokens = await redeem(portal, began, back);
    const id = tokens.claims()?.sub ?? '';
    const silently = async (): Promise<string | null | undefined> => {
      const { url } = await begin(portal, { prompt: 'none' });
      return (await browser.follow(url, atPortal)).location?.searchParams.get('error');
    };
    expect(await silently()).toBeNull();

    expect(await lingpai(`accounts disable ${id}`)).toEqual({
      code: 0,
      out: `account ${id} is disabled: its sessions and refresh tokens have ended\n`,
      err: '',
    });
    expect(await silently()).toBe('login_required');
    await expect(
      client.refreshTokenGrant(portal, tokens.refresh_token ?? ''),
    ).rejects.toMatchObject({ error: 'invalid_grant' });

    expect(await document(`accounts disable ${id}`)).toEqual({
      code: 0,
      body: { account: { id, status: 'disabled' } },
    });
    expect(
      await bed.query(`select type from account_events where account_id = $1 order by seq`, [id]),
    ).toEqual([{ type: 'account.created' }, { type: 'account.disabled' }]);
    expect(
      await bed.query(
        `select actor, client_id from audit_events where account_id = $1 and action = 'account.disable'`,
        [id],
      ),
    ).toEqual([{ actor: 'cli', client_id: null }]);

    expect(await inside(`accounts enable ${id}`)).toEqual({
      code: 0,
      out: `account ${id} is active\n`,
      err: '',
    });
    const again = await signInOnWeb(portal, 'dingtalk', 'manager0042');
    expect((await redeem(portal, again.began, again.back)).claims()?.sub).toBe(id);
  });

  it('finds one by its verified number, and shows none', async () => {
    const { body } = await api('POST', '/accounts', {
      body: { phone: '+8613912345678', phoneVerified: true },
    });
    const { id } = body as { id: string };
    expect(await document('accounts disable --phone 13912345678')).toEqual({
      code: 0,
      body: { account: { id, status: 'disabled' } },
    });
    await api('POST', '/accounts', { body: { phone: '+8613987654321' } });
    expect(await document('accounts disable --phone +8613987654321')).toEqual({
      code: 1,
      body: {
        error: {
          code: 'account_not_found',
          message: 'No account holds this number as a verified one.',
        },
      },
    });
  });

  it('refuses an id that is nobody’s, and an id beside a number', async () => {
    const nobody = '3f0c6f0e-7d0b-4c55-9a53-0f6f3c1f6a2e';
    expect(await lingpai(`accounts disable ${nobody}`)).toEqual({
      code: 1,
      out: '',
      err: 'There is no such account. (account_not_found)\n',
    });
    expect(await inside(`accounts enable ${nobody} --phone 13912345678`)).toMatchObject({
      code: 2,
    });
  });
});

describe('the whole house with its doors shut', () => {
  it('does no work that is not asked for, and makes no key', async () => {
    const database = await createTestDatabase();
    const dataSource = createDataSource(new Secret(database.url), 2, () => undefined);
    await dataSource.initialize();
    await dataSource.query(
      `insert into account_events (type, account_id, data, at) values ('account.disabled', gen_random_uuid(), '{}', now())`,
    );
    const sink = { write: () => true };
    const cli = new Cli({ ...env, DATABASE_URL: database.url }, new Terminal(false, sink, sink));
    // Longer than any worker sleeps.
    await cli.inRooms(() => sleep(3000));
    expect(
      await dataSource.query(
        `select (select count(*) from account_events where dispatched_at is not null)::int as told,
                (select count(*) from signing_keys)::int as keys`,
      ),
    ).toEqual([{ told: 0, keys: 0 }]);
    await dataSource.destroy();
    await database.drop();
  });

  it('stands on the embedded Postgres of a service that runs, else on one of its own', async () => {
    const home = join(folder, 'embedded');
    await mkdir(home, { mode: 0o711 });
    const given = { LINGPAI_DATA_DIR: home };
    const note = `DATABASE_URL is not set: working on the embedded Postgres in ${home}\n`;
    expect(await lingpai('migrate', given)).toEqual({
      code: 0,
      out: `${names.length} migration(s) ran\n${list}`,
      err: note,
    });

    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const service = new ReplicaProcess(url, { ...given, PORT: String(port), HOST: '127.0.0.1' });
    await service.start();
    const kid = async (): Promise<string | undefined> => {
      const answer = await fetch(`${url}/.well-known/jwks.json`);
      return ((await answer.json()) as { keys: { kid: string }[] }).keys[0]?.kid;
    };
    expect(await lingpai('keys list', given)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`\n${String(await kid())} `),
      err: note,
    });
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    await service.stop();
  });
});

describe('what is printed', () => {
  it('holds no secret and no phone number', () => {
    expect(printed).not.toBe('');
    for (const secret of [
      secretKey,
      new URL(bed.database.url).password,
      'a-password-of-postgres',
      'exampleSecret01',
      'exampleWecomSecret-1000017-Qm4tXw7Zk2Lp9Rv',
      'a-wrong-secret-0123456789',
      'a-secret-of-the-portal',
      'a-secret-in-the-file',
      'c2hvcnQ=',
      '13912345678',
      '13987654321',
    ]) {
      expect(secret).not.toBe('');
      expect(printed).not.toContain(secret);
    }
  });
});
