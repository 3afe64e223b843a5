import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await openTestBed();
});
afterAll(() => bed.stop());

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

  it('is no part of the described API', async () => {
    expect(await (await fetch(`${bed.issuer}/docs-json`)).text()).not.toContain('/metrics');
  });
});
