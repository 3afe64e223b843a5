import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';

import { pineCorp, spSuite } from '../../sandbox/testing/wecom-provider.js';
import { Deployment } from '../fixtures/deployment.js';
import { eventually } from '../fixtures/eventually.js';
import { thirdParty } from '../fixtures/service-provider.js';

const getSuiteToken = 'qyapi.weixin.qq.com/cgi-bin/service/get_suite_token';
let deployment: Deployment;
let database: pg.Client;

beforeAll(async () => {
  deployment = await Deployment.start({
    replicas: 2,
    env: { LOG_LEVEL: 'info' },
    provision: ({ connections }, sandbox) => {
      connections.push(thirdParty(sandbox));
    },
  });
  database = new pg.Client({ connectionString: deployment.database.url });
  await database.connect();
}, 120_000);
afterAll(async () => {
  await database.end();
  await deployment.stop();
}, 60_000);

const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
  (await database.query<Record<string, unknown>>(sql)).rows;

it('a replica that is killed between create_auth and the exchange loses nothing', async () => {
  const { control } = deployment.sandbox;
  const { wecomProvider } = control;
  // All callbacks come to the first replica.
  await wecomProvider.registerCallback({
    suiteId: spSuite.suiteId,
    kind: 'command',
    url: `${deployment.replica(1).url}/events/wecom-any`,
  });
  await eventually(async () => expect(await rows('select 1 from suite_tickets')).toHaveLength(1));
  // The exchange needs the suite's token first, and that takes long.
  control.fault({ kind: 'slow', on: getSuiteToken, delayMs: 4000, times: 1 });
  const { answer, corpId } = await wecomProvider.install(pineCorp, spSuite.suiteId);
  expect(answer?.outcome).toBe('ok');
  await eventually(() => expect(control.callCount(getSuiteToken)).toBe(1));
  deployment.replica(1).signal('SIGKILL');
  expect(await rows('select 1 from tenants')).toEqual([]);

  await eventually(
    async () =>
      expect(
        await rows('select corp_id, status, agent_id is not null as known from tenants'),
      ).toEqual([{ corp_id: corpId, status: 'active', known: true }]),
    30_000,
  );
  await eventually(async () =>
    expect(
      await rows(`select type, status, content from platform_events where type = 'create_auth'`),
    ).toEqual([{ type: 'create_auth', status: 'done', content: null }]),
  );
}, 90_000);
