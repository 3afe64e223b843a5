import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';

import { Deployment } from '../fixtures/deployment.js';
import { eventually } from '../fixtures/eventually.js';
import type { TestDatabase } from '../fixtures/postgres.js';
import { Postgres15, postgres15Here } from '../fixtures/postgres-15.js';
import { admin, portal } from '../fixtures/service.js';
import { type SignedIn, SignInLoad } from '../fixtures/sign-in-load.js';

const apiClient = { clientId: 'made-by-api', clientSecret: 'made-Zk3vQ9sN7xW0aTq5-by-api' };

(postgres15Here ? describe : describe.skip)('a backup of Postgres 15', () => {
  let postgres: Postgres15;
  let deployment: Deployment;
  let restored: TestDatabase;
  let folder: string;
  let load: SignInLoad;
  /** Signed in before the backup. */
  let early: SignedIn;
  let accountId: string;
  let kids: string[];
  /** How many had signed in when the backup began. */
  let before: number;

  const tokenOf = async (form: Record<string, string>) =>
    deployment.call(1, '/token', { method: 'POST', form });
  const machineToken = async (): Promise<string> => {
    const { body } = await tokenOf({
      grant_type: 'client_credentials',
      client_id: admin.clientId,
      client_secret: admin.clientSecret,
      scope:
        'accounts:read accounts:write connections:read connections:write clients:write keys:write',
    });
    return String(body['access_token']);
  };
  const api = async (method: string, path: string, json?: object) =>
    deployment.call(1, `/api/v1${path}`, {
      method,
      token: await machineToken(),
      ...(json && { json }),
    });
  const keySet = async (): Promise<JSONWebKeySet> =>
    (await deployment.call(1, '/.well-known/jwks.json')).body as unknown as JSONWebKeySet;
  const kidsIn = ({ keys }: JSONWebKeySet) => keys.map(({ kid }) => kid ?? '').sort();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lingpai-backup-'));
    postgres = await Postgres15.start();
    const database = await postgres.createDatabase('lingpai');
    deployment = await Deployment.start({
      replicas: 1,
      database,
      env: { LOG_LEVEL: 'warn', LIMIT_SIGN_IN_PER_MINUTE: '0', LIMIT_TOKEN_PER_MINUTE: '0' },
    });
    const created = await api('POST', '/accounts', {
      displayName: '林乔',
      phone: '+8613800000001',
      phoneVerified: true,
    });
    accountId = String(created.body['id']);
    const { sandbox } = deployment;
    const connection = {
      slug: 'by-api',
      platform: 'wecom-self-built',
      displayName: '企业微信',
      corpId: 'ww1a2b3c4d5e6f7a8b',
      agentId: '1000002',
      secret: 'exampleWecomSecret-1000002-Hd8sNb3Vc6Jy1Ft',
      endpoints: sandbox.endpoints.wecom,
    };
    expect(await api('POST', '/connections', connection)).toMatchObject({ status: 201 });
    const client = {
      ...apiClient,
      displayName: '机器',
      scopes: ['accounts:read'],
      grantTypes: ['client_credentials'],
    };
    expect(await api('POST', '/clients', client)).toMatchObject({ status: 201 });
    expect(await api('POST', '/signing-keys/rotate')).toMatchObject({ status: 201 });
    kids = kidsIn(await keySet());
    load = new SignInLoad(deployment.issuer, { people: 4 });
    load.start();
    await eventually(() => expect(load.count).toBeGreaterThan(10), 20_000);
    early = load.signedIn[0]!;
  }, 90_000);

  afterAll(async () => {
    await deployment.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('is taken while people sign in, and goes whole onto an empty database', async () => {
    const file = join(folder, 'lingpai.dump');
    const dump = ['--format=custom', '--no-owner', '--no-privileges', `--file=${file}`];
    before = load.count;
    await postgres.run('pg_dump', [...dump, `--dbname=${deployment.database.url}`]);
    // Whoever was signing in meanwhile comes through.
    await eventually(() => expect(load.count).toBeGreaterThan(before + 2));
    await load.stop();
    expect(load.lost).toEqual([]);
    expect(await deployment.replica(1).terminate()).toBe(0);

    restored = await postgres.createDatabase('lingpai_restored');
    const words = ['--no-owner', '--no-privileges', '--exit-on-error', '--single-transaction'];
    await postgres.run('pg_restore', [...words, `--dbname=${restored.url}`, file]);
  }, 60_000);

  it('is refused with another SECRET_KEY, in words', async () => {
    const other = deployment.replica(1).with({
      DATABASE_URL: restored.url,
      SECRET_KEY: randomBytes(32).toString('base64'),
    });
    other.launch();
    expect(await other.ended).toBe(1);
    expect(other.output).toContain('SECRET_KEY cannot open what is stored');
  }, 30_000);

  describe('with the same SECRET_KEY', () => {
    beforeAll(async () => {
      const replica = deployment.replica(1).with({ DATABASE_URL: restored.url });
      deployment.replicas.splice(0, 1, replica);
      await replica.start();
    }, 60_000);

    it('has the same people, who sign in as before', async () => {
      const { body } = await api('GET', `/accounts/${accountId}`);
      expect(body).toMatchObject({ phone: '+8613800000001', displayName: '林乔' });
      const again = new SignInLoad(deployment.issuer, { people: 3 });
      again.start();
      await eventually(() => expect(again.count).toBeGreaterThan(5), 20_000);
      await again.stop();
      expect(again.lost).toEqual([]);
      const subs = (signedIn: readonly SignedIn[]) =>
        [...new Set(signedIn.map(({ sub }) => sub))].sort();
      expect(subs(again.signedIn)).toEqual(subs(load.signedIn));
    }, 30_000);

    it('takes the tokens of before, each refresh token once', async () => {
      const set = await keySet();
      expect(kidsIn(set)).toEqual(kids);
      await jwtVerify(early.accessToken, createLocalJWKSet(set), { issuer: deployment.issuer });
      expect(await deployment.call(1, '/userinfo', { token: early.accessToken })).toMatchObject({
        status: 200,
        body: { sub: early.sub },
      });
      const refresh = (refreshToken: string) =>
        tokenOf({
          grant_type: 'refresh_token',
          refresh_token: refreshToken,
          client_id: portal.clientId,
          client_secret: portal.clientSecret,
        });
      expect(before).toBeGreaterThan(10);
      for (const { refreshToken } of load.signedIn.slice(0, before)) {
        expect(await refresh(refreshToken)).toMatchObject({ status: 200 });
        const again = await refresh(refreshToken);
        expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      }
    });

    it('opens the secrets of connections and clients that the API made', async () => {
      const { body } = await api('POST', '/connections/by-api/check');
      expect(JSON.stringify(body)).toContain('"ok":true');
      expect(JSON.stringify(body)).not.toContain('"ok":false');
      const { status } = await tokenOf({
        grant_type: 'client_credentials',
        client_id: apiClient.clientId,
        client_secret: apiClient.clientSecret,
      });
      expect(status).toBe(200);
    });
  });
});
