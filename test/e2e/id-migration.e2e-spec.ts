import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import {
  redwoodCorp,
  spProvider,
  spSuite,
  spTemplate,
} from '../../sandbox/testing/wecom-provider.js';
import { adminApi, apiWith, machineToken, type Api } from '../fixtures/api.js';
import { linkWith, TestBrowser } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import { delegated, registerCallbacks, thirdParty } from '../fixtures/service-provider.js';
import { atPortal, begin, discoverPortal, redeem } from '../fixtures/sign-in.js';

const finishing = 'qyapi.weixin.qq.com/cgi-bin/service/finish_openid_migration';
const converting = 'qyapi.weixin.qq.com/cgi-bin/batch/userid_to_openuserid';

const page = 'https://portal.example.com';

let bed: TestBed;
let api: Api;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    env: { ACCESS_TOKEN_TTL_SECONDS: '14400' },
    provision: ({ connections }, sandbox) => {
      connections.push({ ...thirdParty(sandbox), jsapiOrigins: [page] }, delegated(sandbox));
    },
  });
  api = await adminApi(bed);
  configuration = await discoverPortal(bed);
  await registerCallbacks(bed);
}, 60_000);
afterAll(() => bed.stop());

const wecom = () => bed.sandbox.control.wecomProvider;
const calls = (path: string) => bed.sandbox.control.callCount(path);
const migrate = (slug: string, corpId: string) =>
  api('POST', `/connections/${slug}/tenants/${corpId}/id-migration`);

/** A corp of long standing, whose ids this provider sees as they are. */
function plainCorp(): string {
  const [corp] = wecom().addCorps(1, 3);
  if (!corp) throw new Error('no corp was added');
  corp.idMode = 'plain';
  return corp.corpId;
}

async function installed(corpId: string, suiteId: string, slug: string): Promise<void> {
  await wecom().install(corpId, suiteId);
  await eventually(async () =>
    expect((await api('GET', `/connections/${slug}/tenants/${corpId}`)).body).toMatchObject({
      corpId,
      status: 'active',
      agentId: expect.any(String),
    }),
  );
}

async function signIn(connection: string, person: string, tenant?: string) {
  const began = await begin(configuration, { connection, ...(tenant && { tenant }) });
  const browser = new TestBrowser();
  let visit = await browser.follow(began.url, atPortal);
  if (!visit.location)
    visit = await browser.follow(linkWith(visit, `data-member="${person}"`), atPortal);
  return redeem(configuration, began, visit.location ?? new URL('x:'));
}

async function accountOf(connection: string, person: string, tenant?: string) {
  return (await signIn(connection, person, tenant)).claims()?.sub;
}

const identitiesOf = (corpId: string) =>
  bed.query<{ issuer: string; subject: string; user_id: string; tenant: string }>(
    `select issuer, subject, user_id, tenant from identities where tenant = $1 order by created_at`,
    [corpId],
  );
const accounts = async () =>
  (await bed.query<{ n: number }>('select count(*)::int as n from accounts'))[0]?.n;

describe('a corp whose ids are migrated', () => {
  let seen: string;
  let before: { lin?: string | undefined; zhou?: string | undefined };
  let refreshToken: string;
  let answer: Awaited<ReturnType<typeof migrate>>;

  beforeAll(async () => {
    await installed(redwoodCorp, spSuite.suiteId, 'wecom-any');
    await installed(redwoodCorp, spTemplate.suiteId, 'wecom-dk');
    const lin = await signIn('wecom-any', `Lin.Qiao@${redwoodCorp}`);
    refreshToken = lin.refresh_token ?? '';
    const zhou = await accountOf('wecom-dk', `zhou.ke@${redwoodCorp}`, redwoodCorp);
    before = { lin: lin.claims()?.sub, zhou };
    answer = await migrate('wecom-any', redwoodCorp);
    seen = wecom().seenCorpId(redwoodCorp);
  });

  it('is answered under its new id, with all that was known of it', async () => {
    expect(seen).toMatch(/^wp/);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      tenant: {
        corpId: seen,
        name: '红杉教育',
        status: 'active',
        agentId: expect.any(String),
        installedAt: expect.any(String),
        cancelledAt: null,
      },
      people: 2,
    });
    for (const slug of ['wecom-any', 'wecom-dk']) {
      const { body } = await api('GET', `/connections/${slug}/tenants`);
      expect((body as { items: { corpId: string }[] }).items.map(({ corpId }) => corpId)).toEqual([
        seen,
      ]);
    }
  });

  it('has people whose identities are the new ones', async () => {
    const issuer = `wecom-sp:${spProvider.corpId}:${seen}`;
    const [lin, zhou] = ['Lin.Qiao', 'zhou.ke'].map((it) => wecom().openUserid(redwoodCorp, it));
    expect(await identitiesOf(seen)).toEqual([
      { issuer, subject: lin, user_id: lin, tenant: seen },
      { issuer, subject: zhou, user_id: zhou, tenant: seen },
    ]);
    expect(await identitiesOf(redwoodCorp)).toEqual([]);
  });

  it('has the same people, by a third-party app and by a delegated one, who were not signed out', async () => {
    const count = await accounts();
    expect(await accountOf('wecom-any', `Lin.Qiao@${redwoodCorp}`)).toBe(before.lin);
    expect(await accountOf('wecom-dk', `zhou.ke@${redwoodCorp}`, seen)).toBe(before.zhou);
    // From now on they are one person in both.
    expect(await accountOf('wecom-any', `zhou.ke@${redwoodCorp}`)).toBe(before.zhou);
    expect(await accountOf('wecom-dk', `Lin.Qiao@${redwoodCorp}`, seen)).toBe(before.lin);
    expect(await accounts()).toBe(count);
    const refreshed = await client.refreshTokenGrant(configuration, refreshToken);
    refreshToken = refreshed.refresh_token ?? '';
    expect(refreshed).toHaveProperty('access_token');
  });

  it('has its tokens under the new id alone', async () => {
    for (const slug of ['wecom-any', 'wecom-dk']) {
      const token = await api('GET', `/connections/${slug}/access-token?tenant=${seen}`);
      expect(token.body).toMatchObject({ accessToken: expect.any(String) });
      const old = await api('GET', `/connections/${slug}/access-token?tenant=${redwoodCorp}`);
      expect(old.body).toMatchObject({ status: 404, code: 'tenant_not_found' });
    }
  });

  it('is migrated once, however often, by whichever connection and under whichever id', async () => {
    const finished = calls(finishing);
    expect(await migrate('wecom-any', redwoodCorp)).toMatchObject({
      status: 200,
      body: answer.body as Record<string, unknown>,
    });
    expect((await migrate('wecom-dk', seen)).body).toMatchObject({
      tenant: { corpId: seen },
      people: 2,
    });
    expect(calls(finishing)).toBe(finished);
    await eventually(async () =>
      expect(
        await bed.query(
          `select outcome, connection, details from audit_events where action = 'tenant.migrate_ids'`,
        ),
      ).toEqual([
        {
          outcome: 'ok',
          connection: 'wecom-any',
          details: { from: redwoodCorp, tenant: seen, people: 2 },
        },
      ]),
    );
    expect(await bed.query('select plan from tenant_migrations')).toEqual([{ plan: null }]);
  });

  it('is heard under its new id: whoever leaves is out, and so is the corp when it cancels', async () => {
    await wecom().deleteMember(redwoodCorp, 'Lin.Qiao');
    await eventually(async () =>
      expect(
        await bed.query(
          `select left_at is not null as gone from identities where tenant = $1 order by created_at`,
          [seen],
        ),
      ).toEqual([{ gone: true }, { gone: false }]),
    );
    await wecom().cancel(redwoodCorp, spSuite.suiteId);
    await eventually(async () =>
      expect(
        await bed.query(
          `select corp_id, status, permanent_code from tenants where connection = $1`,
          ['wecom-any'],
        ),
      ).toEqual([{ corp_id: seen, status: 'cancelled', permanent_code: null }]),
    );
  });
});

describe('a migration that is cut off', () => {
  let corpId: string;
  let members: (string | undefined)[];

  beforeAll(async () => {
    corpId = plainCorp();
    await installed(corpId, spSuite.suiteId, 'wecom-any');
    await installed(corpId, spTemplate.suiteId, 'wecom-dk');
    members = [
      await accountOf('wecom-any', `member1@${corpId}`),
      await accountOf('wecom-dk', `member2@${corpId}`, corpId),
    ];
    await bed.query(
      `insert into account_requests (issuer, subject, connection, identity, created_at)
       values ($1, 'member3', 'wecom-dk', $2, now())`,
      [
        `wecom-sp:${spProvider.corpId}:${corpId}`,
        { subject: 'member3', userId: 'member3', tenant: corpId, profile: { displayName: '丙' } },
      ],
    );
  });

  it('before WeCom was told has changed nothing', async () => {
    bed.sandbox.control.fault({ kind: 'ip-not-allowed', on: finishing, times: 1 });
    expect((await migrate('wecom-dk', corpId)).status).toBeGreaterThanOrEqual(500);
    expect(await bed.query(`select 1 from tenant_migrations where corp_id = $1`, [corpId])).toEqual(
      [],
    );
    expect(await identitiesOf(corpId)).toHaveLength(2);
    expect(await accountOf('wecom-dk', `member2@${corpId}`, corpId)).toBe(members[1]);
  });

  it('after that is completed by the next call, and nothing is lost in between', async () => {
    await bed.query(
      `create function crash() returns trigger language plpgsql as $$ begin raise exception 'crash'; end $$`,
    );
    await bed.query(
      `create trigger crash before update of corp_id on tenants for each row execute function crash()`,
    );
    expect((await migrate('wecom-dk', corpId)).status).toBe(500);
    await bed.query('drop trigger crash on tenants');
    const [finished, converted] = [calls(finishing), calls(converting)];
    const seen = wecom().seenCorpId(corpId);
    expect(seen).toMatch(/^wp/);
    expect(await identitiesOf(corpId)).toHaveLength(2);
    const [{ plan } = { plan: '' }] = await bed.query<{ plan: string }>(
      `select plan from tenant_migrations where corp_id = $1 and finished_at is not null and done_at is null`,
      [corpId],
    );
    expect(plan).toMatch(/^v1\./);
    // WeCom refuses the old id now; that must not be taken for a corp that took the app away.
    wecom().invalidateTokens('corp');
    const signature = await api('POST', '/connections/wecom-any/jsapi-signatures', {
      body: { url: `${page}/`, ticket: 'agent', tenant: corpId },
    });
    expect(signature.body).toMatchObject({ status: 403, code: 'tenant_not_allowed' });

    const again = await migrate('wecom-any', corpId);
    expect(again.body).toMatchObject({ tenant: { corpId: seen, status: 'active' }, people: 2 });
    expect(calls(finishing)).toBe(finished);
    expect(calls(converting)).toBe(converted);
    expect(await accountOf('wecom-any', `member1@${corpId}`)).toBe(members[0]);
    expect(await accountOf('wecom-dk', `member2@${corpId}`, seen)).toBe(members[1]);
    const third = wecom().openUserid(corpId, 'member3');
    expect(await bed.query('select issuer, subject, identity from account_requests')).toEqual([
      {
        issuer: `wecom-sp:${spProvider.corpId}:${seen}`,
        subject: third,
        identity: {
          issuer: `wecom-sp:${spProvider.corpId}:${seen}`,
          subject: third,
          userId: third,
          tenant: seen,
          profile: { displayName: '丙' },
        },
      },
    ]);
  });
});

it('two at once are one, and a person who was two stays two, and is written down', async () => {
  const corpId = plainCorp();
  await installed(corpId, spSuite.suiteId, 'wecom-any');
  await installed(corpId, spTemplate.suiteId, 'wecom-dk');
  const first = await accountOf('wecom-any', `member1@${corpId}`);
  const second = await accountOf('wecom-dk', `member1@${corpId}`, corpId);
  expect(second).not.toBe(first);
  const answers = await Promise.all([migrate('wecom-any', corpId), migrate('wecom-dk', corpId)]);
  const seen = wecom().seenCorpId(corpId);
  for (const { body } of answers)
    expect(body).toMatchObject({ tenant: { corpId: seen }, people: 1 });
  expect(await accountOf('wecom-dk', `member1@${corpId}`, seen)).toBe(first);
  expect(await identitiesOf(corpId)).toMatchObject([{ subject: 'member1', user_id: 'member1' }]);
  await eventually(async () =>
    expect(
      await bed.query(
        `select outcome, reason, account_id from audit_events where action = 'identity.migrate_ids'`,
      ),
    ).toEqual([{ outcome: 'refused', reason: 'identity_already_bound', account_id: second }]),
  );
});

describe('what cannot be migrated', () => {
  it('is a corp that nobody knows', async () => {
    expect((await migrate('wecom-any', 'wwNobody0001')).body).toMatchObject({
      status: 404,
      code: 'tenant_not_found',
    });
  });

  it('is a corp of a connection where no ids change', async () => {
    expect((await migrate('wecom-hq', 'wwNobody0001')).body).toMatchObject({
      status: 422,
      code: 'value_not_allowed',
    });
  });

  it('is anything without the scope', async () => {
    const reader = apiWith(bed, await machineToken(bed, admin, 'connections:read'));
    const path = `/connections/wecom-any/tenants/${redwoodCorp}/id-migration`;
    expect((await reader('POST', path)).status).toBe(403);
  });
});
