import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';
import { DataSource } from 'typeorm';

import { Encryption } from '../../src/common/encryption.js';
import { SealedPlaces } from '../../src/database/sealed-places.js';
import { Reencryption } from '../../src/reencryption/reencryption.js';
import { adminApi, type Api } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, type Replica, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const inText = (...keys: Buffer[]): NodeJS.ProcessEnv => ({
  SECRET_KEY: keys.map((key) => key.toString('base64')).join(','),
});
const older = new Encryption([oldKey]);
const newer = new Encryption([newKey]);

const later = "now() + interval '1 year'";

let bed: TestBed;
/** Those that requests may go to. */
let live: Replica[];
let api: Api;

const routed = (url: URL): URL => {
  const replica = live[Math.floor(Math.random() * live.length)]!;
  return url.origin === bed.issuer ? new URL(url.pathname + url.search, replica.url) : url;
};
const query = <T>(sql: string, parameters?: unknown[]): Promise<T[]> =>
  live[0]!.service.app.get(DataSource).query<T[]>(sql, parameters);

/** As a rolling restart does it: the new ones come first, then the others go. */
async function rollTo(env: NodeJS.ProcessEnv): Promise<void> {
  const leaving = live;
  const coming = [await bed.addReplica({ env }), await bed.addReplica({ env })];
  live = [...leaving, ...coming];
  // Mixed for a while.
  await sleep(700);
  live = coming;
  // What is on its way to them still arrives.
  for (const replica of leaving) await replica.service.stop({ delayMs: 500, requestsMs: 20_000 });
}

/** What is sealed, by place, as the key ids under which it lies. */
async function keyIds(): Promise<Record<string, string[]>> {
  const places = live[0]!.service.app.get(SealedPlaces).list();
  const counted = places.map(async (place) => [place.name, [...(await place.countByKey()).keys()]]);
  return Object.fromEntries(await Promise.all(counted)) as Record<string, string[]>;
}

/** Every row of the tables with sealed values, without these. */
async function rowsBeside(): Promise<unknown> {
  const tables = {
    connections: 'secrets',
    clients: 'secrets',
    webhooks: 'secret',
    tenants: 'permanent_code',
    suite_tickets: 'ticket',
    tenant_migrations: 'plan',
    platform_events: 'content',
    signing_keys: 'private_jwk',
  };
  const rows = Object.entries(tables).map(([table, column]) =>
    query(`select to_jsonb(t) - '${column}' as row from ${table} t order by 1`),
  );
  return Promise.all(rows);
}

beforeAll(async () => {
  bed = await openTestBed({ env: inText(oldKey) });
  live = [bed.replicas[0]!, await bed.addReplica()];
  api = async (method, path, call) =>
    (await adminApi({ ...bed, issuer: live[0]!.url }))(method, path, {
      ...call,
      base: live[0]!.url,
    });
  await api('POST', '/webhooks', { body: { url: 'https://hooks.example.com/a' } });
  await api('POST', '/connections', {
    body: {
      slug: 'wecom-2',
      platform: 'wecom-self-built',
      displayName: '二号',
      corpId: 'ww1a2b3c4d5e6f7a8b',
      agentId: '1000017',
      secret: 'exampleWecomSecret-1000017-Qm4tXw7Zk2Lp9Rv',
      enabled: false,
    },
  });
  const sealed = (words: string, context: string) => older.encrypt(words, context);
  await query(
    `insert into tenants (connection, corp_id, status, permanent_code, installed_at, updated_at)
     select 'wecom-any', 'wpCorp' || n, 'active', code, now(), now() from unnest($1::text[]) with ordinality as codes (code, n)`,
    [
      Array.from({ length: 450 }, (_, n) =>
        sealed(`code ${n + 1}`, `tenant:wecom-any:wpCorp${n + 1}`),
      ),
    ],
  );
  await query(`insert into suite_tickets values ('wwsuite', $1, now(), now())`, [
    sealed('ticket', 'suite-ticket:wwsuite'),
  ]);
  await query(
    `insert into tenant_migrations (issuer, to_issuer, corp_id, to_corp_id, plan, planned_at) values ('i', 'j', 'c', 'd', $1, now())`,
    [sealed('[]', 'tenant-migration:i')],
  );
  await query(
    `insert into platform_events (connection, channel, content_hash, content, type, subject, sent_at, received_at, next_attempt_at)
     values ('wecom-hq', 'main', 'hash', $1, 't', 's', now(), now(), ${later})`,
    [sealed('content', 'platform-event:wecom-hq:main:hash')],
  );
}, 60_000);
afterAll(() => bed.stop());

describe('a new SECRET_KEY, put in front of the old one after all replicas know it', () => {
  it('loses no sign-in, signs nobody out, and leaves nothing under the old one', async () => {
    const configuration = await discoverPortal(bed);
    configuration[client.customFetch] = (url, options) => fetch(routed(new URL(url)), options);
    const early = new TestBrowser({}, routed);
    await signInOnWeb(configuration, 'wecom-hq', 'wang.m', early);
    const idle = new TestBrowser({}, routed);
    await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao', idle);
    const isSignedIn = async (browser: TestBrowser): Promise<boolean> => {
      const { url } = await begin(configuration, { prompt: 'none', connection: 'wecom-hq' });
      const visit = await browser.follow(url, atPortal);
      return visit.location?.searchParams.has('code') ?? false;
    };

    expect([await isSignedIn(early), await isSignedIn(idle)]).toEqual([true, true]);

    let isOver = false;
    let signIns = 0;
    const load = ['wang.m', 'Lin.Qiao', 'wang.m'].map(async (member) => {
      while (!isOver) {
        const browser = new TestBrowser({}, routed);
        const { began, back } = await signInOnWeb(configuration, 'wecom-hq', member, browser);
        const tokens = await redeem(configuration, began, back);
        const again = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
        expect(again.access_token).toBeTruthy();
        signIns += 1;
      }
    });
    const failed = Promise.all(load).catch((error: unknown) => error);

    await rollTo(inText(oldKey, newKey));
    expect(await isSignedIn(early)).toBe(true);
    await rollTo(inText(newKey, oldKey));
    expect(bed.log()).toContain('some of what lasts is sealed with other keys of SECRET_KEY');
    expect(await isSignedIn(early)).toBe(true);
    expect(await keyIds()).toEqual({
      connections: [older.keyIds[0]],
      clients: [older.keyIds[0]],
      'permanent codes of tenants': [older.keyIds[0]],
      'suite tickets': [older.keyIds[0]],
      'plans of id migrations': [older.keyIds[0]],
      'platform events': [older.keyIds[0]],
      'platform tokens': [older.keyIds[0]],
      webhooks: [older.keyIds[0]],
      'signing keys': [older.keyIds[0]],
    });

    const before = await rowsBeside();
    const tag = (await api('GET', '/connections/wecom-2')).headers.get('etag');
    const [hook] = ((await api('GET', '/webhooks')).body as { items: { id: string }[] }).items;
    const hookTag = (await api('GET', `/webhooks/${hook?.id}`)).headers.get('etag');
    // At both replicas at once, while corps get new codes.
    const reports = Promise.all(
      live.map(({ service }) => service.app.get(Reencryption).run({ dryRun: false })),
    );
    for (let n = 1; n <= 450; n += 9)
      await query(`update tenants set permanent_code = $2 where corp_id = $1`, [
        `wpCorp${n}`,
        (n % 2 ? older : newer).encrypt(`newer code ${n}`, `tenant:wecom-any:wpCorp${n}`),
      ]);
    for (const { places } of await reports)
      expect(places.filter(({ unreadable }) => unreadable > 0)).toEqual([]);
    const last = await live[0]!.service.app.get(Reencryption).run({ dryRun: false });
    expect(last.places.map(({ place }) => place).sort()).toEqual(
      Object.keys(await keyIds()).sort(),
    );
    const ids = Object.values(await keyIds());
    expect(ids).toEqual(ids.map(() => [newer.keyIds[0]]));
    const codes = await query<{ corp_id: string; permanent_code: string }>(
      'select corp_id, permanent_code from tenants',
    );
    for (const { corp_id: corpId, permanent_code: code } of codes) {
      const n = Number(corpId.slice(6));
      expect(newer.decrypt(code, `tenant:wecom-any:${corpId}`)).toBe(
        n % 9 === 1 ? `newer code ${n}` : `code ${n}`,
      );
    }

    expect(await rowsBeside()).toEqual(before);
    const changed = await api('PATCH', '/connections/wecom-2', {
      body: { displayName: '二号店' },
      headers: { 'if-match': tag ?? '' },
    });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(tag);
    const hooked = await api('PATCH', `/webhooks/${hook?.id}`, {
      body: { description: 'changed' },
      headers: { 'if-match': hookTag ?? '' },
    });
    expect(hooked.status).toBe(200);

    await rollTo(inText(newKey));
    isOver = true;
    expect(await failed).toEqual([undefined, undefined, undefined]);
    expect(signIns).toBeGreaterThan(20);
    expect(await isSignedIn(early)).toBe(true);
    // Whoever did not come by while both keys were there has a cookie that only the old one signed.
    expect(await isSignedIn(idle)).toBe(false);
    const { body } = await api('POST', '/connections/wecom-hq/check');
    const { checks } = body as { checks: { ok: boolean }[] };
    expect(checks.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  }, 120_000);

  it('has left out no place: whatever looks sealed in the database is one of those that are walked', async () => {
    const columns = await query<{ table: string; column: string }>(
      `select table_name as "table", column_name as "column" from information_schema.columns
        where table_schema = 'public' and data_type in ('text', 'jsonb', 'character varying')`,
    );
    const sealed: string[] = [];
    for (const { table, column } of columns) {
      const [found] = await query<{ any: boolean }>(
        `select exists (select 1 from "${table}" where "${column}"::text ~ 'v1\\.[0-9a-f]{8}\\.') as any`,
      );
      if (found?.any) sealed.push(`${table}.${column}`);
    }
    expect(sealed.sort()).toEqual([
      'clients.secrets',
      'connections.secrets',
      'platform_events.content',
      'platform_tokens.value',
      'signing_keys.private_jwk',
      'suite_tickets.ticket',
      'tenant_migrations.plan',
      'tenants.permanent_code',
      'webhooks.secret',
    ]);
  });
});

describe('a new SECRET_KEY, put in front before the others know it', () => {
  let wrong: TestBed;
  beforeAll(async () => {
    wrong = await openTestBed({ env: inText(oldKey) });
  });
  afterAll(() => wrong.stop());

  it('is what the others cannot open: they say so, go on with what they know, and do not start; nothing is lost', async () => {
    const [unaware] = wrong.replicas;
    const ahead = await wrong.addReplica({ env: inText(newKey, oldKey) });
    const there = await adminApi(wrong);
    const made = await there('POST', '/webhooks', {
      base: ahead.url,
      body: { url: 'https://hooks.example.com/b' },
    });
    expect(made.status).toBe(201);
    const client = await there('POST', '/clients', {
      base: ahead.url,
      body: {
        clientId: 'second',
        displayName: 'Second',
        clientSecret: 'second-Zk3vQ9sN7xW0aTq5-Zk3vQ9sN7xW0',
        redirectUris: ['https://second.example.com/callback'],
      },
    });
    expect(client.status).toBe(201);
    await eventually(async () => {
      expect((await there('GET', '/signing-keys', { base: unaware!.url })).status).toBe(200);
      expect(wrong.log()).toMatch(
        /SECRET_KEY cannot open what is stored for client:second.*clients could not be read again; going on with those known/,
      );
    });
    const configuration = await discoverPortal(wrong);
    const { began, back } = await signInOnWeb(configuration, 'wecom-hq', 'wang.m');
    expect((await redeem(configuration, began, back)).access_token).toBeTruthy();

    await expect(wrong.addReplica()).rejects.toThrow(
      `SECRET_KEY cannot open what is stored: clients: 1 under key ${newer.keyIds[0]}; webhooks: 1 under key ${newer.keyIds[0]}. Put that key back into the list, behind the first one`,
    );
    const aware = await wrong.addReplica({ env: inText(oldKey, newKey) });
    expect((await there('GET', '/clients/second', { base: aware.url })).status).toBe(200);
  });
});
