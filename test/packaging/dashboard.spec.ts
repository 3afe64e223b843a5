import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { MetricsRegistry } from '../../src/metrics/metrics-registry.js';
import { adminApi } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { programHere } from '../fixtures/program-here.js';
import { redisHere, TestRedis } from '../fixtures/redis.js';
import { delegated, registerCallbacks, thirdParty } from '../fixtures/service-provider.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, scanAs, signInOnWeb } from '../fixtures/sign-in.js';
import { alerts, dashboard, queries } from './monitoring-files.js';
import { TestPrometheus } from './prometheus-process.js';
import { groupingsOf, metricsOf } from './promql.js';

const prometheusHere = programHere('prometheus', ['--version'], 'prometheus');
const token = 'metrics-token-Zk3vQ9sN7xW0aTq5';
const expressions = [...queries, ...alerts.map(({ alert, expr }) => ({ title: alert, expr }))];

let bed: TestBed;
let redis: TestRedis | undefined;

beforeAll(async () => {
  redis = redisHere ? await TestRedis.start() : undefined;
  bed = await openTestBed({
    env: { METRICS_TOKEN: token, ...(redis && { REDIS_URL: redis.url }) },
    provision: ({ connections }, sandbox) => {
      connections.push(thirdParty(sandbox), delegated(sandbox));
    },
  });
  await bed.addReplica();
  await registerCallbacks(bed);
  const configuration = await discoverPortal(bed);
  await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao');
  await signInOnWeb(configuration, 'dingtalk', 'manager0042');
  // One whom the platform does not serve.
  const on = 'qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo';
  bed.sandbox.control.fault({ kind: 'ip-not-allowed', on, times: 1 });
  const { url } = await begin(configuration, { connection: 'wecom-hq' });
  await scanAs(new TestBrowser(), url, 'wang.m');
  bed.sandbox.control.clearFaults();
  const api = await adminApi(bed);
  expect((await api('GET', '/connections/wecom-hq/access-token')).status).toBe(200);
});
afterAll(async () => {
  await bed.stop();
  await redis?.remove();
});

describe('the dashboard', () => {
  it('shows what it must: sign-ins by connection and outcome, latency, errors by code, token age, event lag', () => {
    const titles = dashboard.panels.map(({ title }) => title);
    expect(titles).toEqual(
      expect.arrayContaining([
        'Sign-ins by connection',
        'Sign-ins by outcome',
        'How long a sign-in takes',
        'How long an answer takes, by route',
        'Platform errors by code',
        'Token age',
        'Event lag',
      ]),
    );
  });

  it('has panels that do not lie on each other, each with a word of explanation', () => {
    const panels = dashboard.panels;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, at) => `${x + (at % w)}/${y + Math.floor(at / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    for (const { type, description, datasource } of panels.filter((each) => each.type !== 'row')) {
      expect([type, description]).toEqual([type, expect.stringMatching(/\.$/)]);
      expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
    }
  });

  it('asks for no variable that it does not have', () => {
    const names = dashboard.templating.list.map(({ name }) => name);
    const text = JSON.stringify(dashboard.panels);
    const asked = [...text.matchAll(/\$\{?([a-z]\w*)/g)].map(([, name = '']) => name);
    expect([...new Set(asked)].sort()).toEqual([...names].sort());
  });
});

describe('what the dashboard and the alerts ask for', () => {
  /** Every name that a scrape may hold, with its labels. */
  function served(): Map<string, readonly string[]> {
    const { registry } = bed.replicas[0]!.service.app.get(MetricsRegistry);
    const known = new Map<string, readonly string[]>();
    for (const metric of registry.getMetricsAsArray()) {
      const { name, type, labelNames } = metric as unknown as {
        name: string;
        type: string;
        labelNames: string[];
      };
      const labels = [...labelNames, 'instance', 'job'];
      known.set(name, labels);
      if (type !== 'histogram') continue;
      known.set(`${name}_bucket`, [...labels, 'le']);
      known.set(`${name}_count`, labels);
    }
    return known;
  }

  /** Made by Prometheus itself, and by who asks from outside (public-address.spec.ts). */
  const synthetic = ['up', 'ALERTS', 'probe_success', 'probe_ssl_earliest_cert_expiry'];

  it('is served, by that name and with these labels', () => {
    const known = served();
    const optional = redis ? [] : ['lingpai_redis_up', 'lingpai_redis_fallbacks_total'];
    for (const { title, expr } of expressions) {
      const asked = metricsOf(expr).filter(
        ({ metric }) => ![...synthetic, ...optional].includes(metric),
      );
      for (const { metric, labels } of asked) {
        expect([title, metric, known.has(metric)]).toEqual([title, metric, true]);
        const strange = labels.filter((label) => !known.get(metric)?.includes(label));
        expect([title, metric, strange]).toEqual([title, metric, []]);
      }
      const labels = new Set(asked.flatMap(({ metric }) => known.get(metric) ?? []));
      if (asked.length > 0)
        expect([title, groupingsOf(expr).filter((label) => !labels.has(label))]).toEqual([
          title,
          [],
        ]);
    }
  });

  it('leaves out nothing that the service counts', () => {
    const asked = new Set(
      expressions.flatMap(({ expr }) => metricsOf(expr).map((each) => each.metric)),
    );
    const own = [...served().keys()].filter((name) => /^lingpai_/.test(name));
    const unseen = own.filter(
      (name) => ![name, `${name}_bucket`, `${name}_count`].some((each) => asked.has(each)),
    );
    expect(unseen.filter((name) => !/_bucket$|_count$/.test(name))).toEqual([]);
  });
});

(prometheusHere ? describe : describe.skip)('a real Prometheus, with our configuration', () => {
  let prometheus: TestPrometheus;
  /** What each query of the dashboard gave, by its panel. */
  const results = new Map<string, number>();

  beforeAll(async () => {
    prometheus = await TestPrometheus.start(
      bed.replicas.map(({ url }) => new URL(url).host),
      token,
    );
    // A rate needs two readings.
    await eventually(async () => {
      const looks = await prometheus.query('min(count_over_time(up{job="lingpai"}[5m])) >= 4');
      expect(looks.length).toBe(1);
    }, 30_000);
    for (const { title, expr } of queries)
      results.set(title, (results.get(title) ?? 0) + (await prometheus.queryRange(expr)).length);
  }, 60_000);
  afterAll(() => prometheus.stop());

  it('reads both replicas, with METRICS_TOKEN from the file', async () => {
    expect(await prometheus.query('sum(up{job="lingpai"})')).toEqual([{ metric: {}, value: 2 }]);
    expect(await prometheus.query('sum(lingpai_ready)')).toEqual([{ metric: {}, value: 2 }]);
  });

  it('answers every query of the dashboard, most of them with what happened', () => {
    const empty = [...results].filter(([, count]) => count === 0).map(([title]) => title);
    const redisPanels = redis ? [] : ['Redis', 'Done in Postgres for Redis'];
    // What has not happened.
    expect(empty.sort()).toEqual(
      [
        ...redisPanels,
        'Answers that are errors of ours',
        'Calls that are held back',
        'Certificate ends in',
        'Public address',
        'Refused with 429',
        'Webhook deliveries',
        'annotation',
      ].sort(),
    );
  });

  it('shows who signed in, and what went wrong, by connection and outcome', async () => {
    const ended = await prometheus.query(
      'sum by (connection, outcome) (lingpai_sign_ins_total) != 0',
    );
    expect(ended).toHaveLength(3);
    expect(ended).toEqual(
      expect.arrayContaining([
        { metric: { connection: 'wecom-hq', outcome: 'ok' }, value: 1 },
        { metric: { connection: 'dingtalk', outcome: 'ok' }, value: 1 },
        { metric: { connection: 'wecom-hq', outcome: 'platform_misconfigured' }, value: 1 },
      ]),
    );
  });

  it('works out every alert, and raises at once what must be told at once', async () => {
    await eventually(async () => {
      const rules = await prometheus.rules();
      expect(rules.filter(({ health, error }) => health !== 'ok' || error)).toEqual([]);
      expect(rules.map(({ name }) => name).sort()).toEqual(alerts.map(({ alert }) => alert).sort());
      expect(rules.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([
        'LingpaiPlatformMisconfigured',
      ]);
    });
  });
});
