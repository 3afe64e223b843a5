import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { Deployment } from '../fixtures/deployment.js';
import { eventually } from '../fixtures/eventually.js';
import { redisHere, TestRedis } from '../fixtures/redis.js';
import { admin, portal } from '../fixtures/service.js';

const corpId = 'ww1a2b3c4d5e6f7a8b';
const getToken = 'qyapi.weixin.qq.com/cgi-bin/gettoken';
const seconds = (count: number): number => count * 1000;

const grounds = ['with Postgres alone', ...(redisHere ? ['with Redis'] : [])];

describe.each(grounds)('three processes %s:', (ground) => {
  let deployment: Deployment;
  let redis: TestRedis | undefined;
  let token: string;

  beforeAll(async () => {
    redis = ground === 'with Redis' ? await TestRedis.start() : undefined;
    deployment = await Deployment.start({
      replicas: 3,
      env: { LOG_LEVEL: 'info', ...(redis && { REDIS_URL: redis.url }) },
      provision: ({ connections }) => {
        for (const connection of connections)
          connection['jsapiOrigins'] = ['https://portal.example.com'];
      },
    });
    const { body } = await deployment.call(1, '/token', {
      method: 'POST',
      form: {
        grant_type: 'client_credentials',
        client_id: admin.clientId,
        client_secret: admin.clientSecret,
        scope: 'platform-tokens:read connections:read connections:write jsapi:sign',
      },
    });
    token = String(body['access_token']);
  }, seconds(120));
  beforeEach(async () => {
    for (const replica of deployment.replicas) replica.signal('SIGCONT');
    deployment.sandbox.control.clearFaults();
    deployment.sandbox.control.wecom.settings.repeatedToken = 'same';
    await inHealth();
  });
  afterAll(async () => {
    await deployment.stop();
    await redis?.remove();
  }, seconds(60));

  /** A replica that was started a moment ago may not have found Redis yet. */
  const inHealth = () =>
    eventually(async () => {
      for (const number of [1, 2, 3]) {
        const { body } = await deployment.call(number, '/health/ready');
        expect(body['status']).toBe('ok');
      }
    });
  const fetches = (): number => deployment.sandbox.control.callCount(getToken);
  const read = async (number: number): Promise<string> => {
    const { status, body } = await deployment.call(
      number,
      '/api/v1/connections/wecom-hq/access-token',
      { token },
    );
    if (status !== 200) throw new Error(`access-token: ${status} ${String(body['code'])}`);
    return String(body['accessToken']);
  };
  const drop = (number: number, accessToken: string) =>
    deployment.call(number, '/api/v1/connections/wecom-hq/access-token/invalidations', {
      method: 'POST',
      token,
      json: { accessToken },
    });
  /** A sign-in by a code that a mini program holds: it needs the app's token. */
  const signIn = (number: number) =>
    deployment.call(number, '/token', {
      method: 'POST',
      form: {
        grant_type: 'urn:lingpai:grant-type:platform-code',
        client_id: portal.clientId,
        client_secret: portal.clientSecret,
        connection: 'wecom-hq',
        code_type: 'mini-program',
        code: deployment.sandbox.control.wecom.miniProgramCode({
          corpId,
          agentId: 1000017,
          userid: 'wang.m',
        }),
        scope: 'openid',
      },
    });
  const all = <T>(count: number, work: (number: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => work(index + 1)));

  it(
    'six hundred cold callers cause one fetch',
    async () => {
      deployment.sandbox.control.fault({ kind: 'slow', on: getToken, delayMs: 500 });
      const tokens = await all(600, read);
      expect(new Set(tokens).size).toBe(1);
      expect(fetches()).toBe(1);
    },
    seconds(60),
  );

  it(
    'three hundred who were refused a token cause one fetch',
    async () => {
      const old = await read(1);
      deployment.sandbox.control.wecom.invalidateTokens(corpId);
      const before = fetches();
      const tokens = await all(300, async (number) => {
        const { status } = await drop(number, old);
        expect(status).toBe(200);
        return read(number + 1);
      });
      expect(new Set(tokens).size).toBe(1);
      expect(tokens[0]).not.toBe(old);
      expect(fetches() - before).toBe(1);
    },
    seconds(60),
  );

  it(
    'three hundred people who sign in with an invalidated token cause one fetch, and all get in',
    async () => {
      expect((await all(3, signIn)).map(({ status }) => status)).toEqual([200, 200, 200]);
      deployment.sandbox.control.wecom.invalidateTokens(corpId);
      const before = fetches();
      const answers = await all(300, signIn);
      expect(answers.filter(({ status }) => status !== 200).map(({ body }) => body)).toEqual([]);
      expect(fetches() - before).toBe(1);
    },
    seconds(90),
  );

  it(
    'a replica that is killed while it fetches holds the others up for seconds at most',
    async () => {
      deployment.sandbox.control.wecom.settings.repeatedToken = 'new';
      const old = await read(1);
      await drop(1, old);
      deployment.sandbox.control.fault({ kind: 'slow', on: getToken, delayMs: 4000, times: 1 });
      const before = fetches();
      const lost = read(1).catch(() => 'lost');
      await eventually(() => expect(fetches() - before).toBe(1));
      const startedAt = performance.now();
      const waiting = all(20, (number) => read(2 + (number % 2)));
      await sleep(200);
      deployment.replica(1).signal('SIGKILL');
      const tokens = await waiting;
      expect(performance.now() - startedAt).toBeLessThan(3000);
      expect(new Set(tokens).size).toBe(1);
      expect(await lost).toBe('lost');
      expect(fetches() - before).toBe(2);
      await deployment.replica(1).start();
      expect(await read(1)).toBe(tokens[0]);
    },
    seconds(90),
  );

  it(
    'one that freezes while it fetches holds them up for seconds, and its late answer overwrites nothing',
    async () => {
      deployment.sandbox.control.wecom.settings.repeatedToken = 'new';
      const old = await read(1);
      await drop(1, old);
      deployment.sandbox.control.fault({ kind: 'slow', on: getToken, delayMs: 1000, times: 1 });
      const before = fetches();
      const late = read(1);
      await eventually(() => expect(fetches() - before).toBe(1));
      deployment.replica(1).signal('SIGSTOP');
      const startedAt = performance.now();
      const [next] = await all(10, (number) => read(2 + (number % 2)));
      expect(performance.now() - startedAt).toBeLessThan(9000);
      expect(fetches() - before).toBe(2);
      deployment.replica(1).signal('SIGCONT');
      expect(await late).toBe(next);
      expect(await Promise.all([read(1), read(2), read(3)])).toEqual([next, next, next]);
    },
    seconds(90),
  );

  it('nothing that is kept holds a token in plain', async () => {
    const accessToken = await read(1);
    const { api } = deployment.sandbox.endpoints.wecom;
    for (const ticket of ['corp', 'agent']) {
      const signed = await deployment.call(1, '/api/v1/connections/wecom-hq/jsapi-signatures', {
        method: 'POST',
        token,
        json: { url: 'https://portal.example.com/', ticket },
      });
      expect(signed.status).toBe(200);
    }
    // Within their life the platform gives the same tickets again.
    const tickets = await Promise.all(
      ['get_jsapi_ticket?', 'ticket/get?type=agent_config&'].map(async (call) => {
        const answer = await fetch(`${api}/cgi-bin/${call}access_token=${accessToken}`);
        return ((await answer.json()) as { ticket: string }).ticket;
      }),
    );
    const kept = [
      await deployment.dump(),
      (await redis?.dump()) ?? '',
      ...deployment.replicas.map(({ output }) => output),
    ].join('\n');
    expect(kept).toContain('wecom-agent-ticket');
    for (const secret of [accessToken, ...tickets]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(kept.includes(secret)).toBe(false);
    }
    expect(kept.includes('exampleWecomSecret')).toBe(false);
  });

  if (ground === 'with Redis')
    it(
      'Redis is stopped, frozen and started under load, and not one sign-in fails',
      async () => {
        const server = redis!;
        const ready = async () => (await deployment.call(1, '/health/ready')).body;
        await eventually(async () =>
          expect(await ready()).toMatchObject({ status: 'ok', redis: 'ok' }),
        );
        let isOver = false;
        const statuses: number[] = [];
        const load = all(6, async (number) => {
          while (!isOver) {
            statuses.push((await signIn(number)).status);
            // So that the shared side is worked with all the time.
            await drop(number, 'not-the-current-one');
            await read(number);
          }
        });
        await sleep(500);
        await server.stop('SIGKILL');
        await sleep(1000);
        expect(await ready()).toMatchObject({ status: 'degraded', redis: 'unreachable' });
        deployment.sandbox.control.wecom.invalidateTokens(corpId);
        await sleep(1000);
        await server.startAgain();
        await eventually(async () => expect(await ready()).toMatchObject({ status: 'ok' }));
        server.freeze();
        await sleep(2000);
        expect(await ready()).toMatchObject({ status: 'degraded' });
        server.thaw();
        await eventually(async () => expect(await ready()).toMatchObject({ status: 'ok' }));
        await sleep(500);
        isOver = true;
        await load;
        expect(statuses.filter((status) => status !== 200)).toEqual([]);
        expect(statuses.length).toBeGreaterThan(50);
        expect(new Set(await all(3, read)).size).toBe(1);
        const metrics = await (await fetch(`${deployment.replica(1).url}/metrics`)).text();
        expect(metrics).toMatch(/^lingpai_redis_up 1$/m);
        expect(metrics).toMatch(/^lingpai_redis_fallbacks_total [1-9]/m);
        expect(deployment.replica(1).output).toContain('Redis does not answer');
      },
      seconds(120),
    );
});
