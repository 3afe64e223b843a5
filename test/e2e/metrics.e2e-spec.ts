import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { adminApi } from '../fixtures/api.js';
import { openTestBed, type Replica, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let second: Replica;

beforeAll(async () => {
  bed = await openTestBed();
  second = await bed.addReplica();
});
afterAll(() => bed.stop());

/** The lines of one metric. */
async function read(base: string, metric: string): Promise<string[]> {
  const text = await (await fetch(`${base}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(`${metric}{`));
}

describe('GET /metrics', () => {
  it('answers anyone in the format of Prometheus, and nothing keeps the answer', async () => {
    const answer = await fetch(`${bed.issuer}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const text = await answer.text();
    expect(text).toContain('# TYPE lingpai_platform_calls_total counter\n');
    expect(text).toContain('# TYPE lingpai_platform_call_duration_seconds histogram\n');
    expect(text).toContain('# TYPE lingpai_platform_breaker_open gauge\n');
    expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  });

  it('takes nothing but a GET', async () => {
    expect((await fetch(`${bed.issuer}/metrics`, { method: 'POST' })).status).toBe(404);
  });

  it('counts the calls of this instance by platform, call and code', async () => {
    const api = await adminApi(bed);
    expect((await api('POST', '/connections/wecom-hq/check')).status).toBe(200);

    expect(await read(bed.issuer, 'lingpai_platform_calls_total')).toContain(
      'lingpai_platform_calls_total{platform="wecom",call="gettoken",code="ok"} 1',
    );
    expect(await read(bed.issuer, 'lingpai_platform_call_duration_seconds_count')).toContain(
      'lingpai_platform_call_duration_seconds_count{platform="wecom",call="gettoken"} 1',
    );
    const { host } = new URL(bed.sandbox.endpoints.wecom.api);
    expect(await read(bed.issuer, 'lingpai_platform_breaker_open')).toContain(
      `lingpai_platform_breaker_open{host="${host}",call="gettoken"} 0`,
    );
    expect(await read(second.url, 'lingpai_platform_calls_total')).toEqual([]);
  });

  it('shows the platform’s own code where it refuses, and a breaker that opened, which the log names once', async () => {
    const api = await adminApi(bed);
    const gettoken = 'qyapi.weixin.qq.com/cgi-bin/gettoken';
    bed.sandbox.control.fault({ kind: 'down', on: gettoken });
    // Each check makes three tries: the tenth is the first of the fourth. A check goes out all the same, others do not.
    for (let check = 0; check < 4; check += 1) await api('POST', '/connections/wecom-hq/check');
    const held = await api('GET', '/connections/wecom-hq/access-token');
    expect(held.body).toMatchObject({ status: 503, code: 'platform_unavailable' });
    bed.sandbox.control.clearFaults();

    const { host } = new URL(bed.sandbox.endpoints.wecom.api);
    expect(await read(bed.issuer, 'lingpai_platform_breaker_open')).toContain(
      `lingpai_platform_breaker_open{host="${host}",call="gettoken"} 1`,
    );
    const calls = await read(bed.issuer, 'lingpai_platform_calls_total');
    expect(calls).toContain(
      'lingpai_platform_calls_total{platform="wecom",call="gettoken",code="no-answer"} 12',
    );
    expect(calls).toContain(
      'lingpai_platform_calls_total{platform="wecom",call="gettoken",code="breaker-open"} 1',
    );
    expect(bed.log().match(/the breaker is open/g)).toHaveLength(1);

    await api('POST', '/connections/wecom-hq/check');
    expect(await read(bed.issuer, 'lingpai_platform_breaker_open')).toContain(
      `lingpai_platform_breaker_open{host="${host}",call="gettoken"} 0`,
    );
    expect((await api('GET', '/connections/wecom-hq/access-token')).status).toBe(200);
    expect(await read(bed.issuer, 'lingpai_platform_token_fetches_total')).toEqual([
      'lingpai_platform_token_fetches_total{kind="wecom-access-token",code="platform_unavailable"} 1',
      'lingpai_platform_token_fetches_total{kind="wecom-access-token",code="ok"} 1',
    ]);
  });

  it('is no part of the described API', async () => {
    expect(await (await fetch(`${bed.issuer}/docs-json`)).text()).not.toContain('/metrics');
  });
});
