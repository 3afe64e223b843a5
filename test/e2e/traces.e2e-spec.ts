import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { adminApi } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { type CollectedSpan, type Collector, startCollector } from '../fixtures/collector.js';
import { eventually } from '../fixtures/eventually.js';
import { linesOf } from '../fixtures/log-lines.js';
import { freePort } from '../fixtures/ports.js';
import { type Receiver, startReceiver } from '../fixtures/receiver.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, scanAs, signInOnWeb } from '../fixtures/sign-in.js';
import { memberLeft, pushEvent } from '../fixtures/wecom-push.js';

const corpId = 'ww1a2b3c4d5e6f7a8b';
const contacts = {
  token: 'contactsTok3n',
  aesKey: 'AnotherKeyOfTheHelperAnotherKeyOfTheHelper2',
};

describe('traces', () => {
  let collector: Collector;
  let receiver: Receiver;
  let bed: TestBed;
  /** The standard variables that the tests set, as they were. */
  const before = { ...process.env };

  beforeAll(async () => {
    process.env['OTEL_BSP_SCHEDULE_DELAY'] = '100';
    [collector, receiver] = await Promise.all([startCollector(), startReceiver()]);
    bed = await openTestBed({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      provision: ({ connections }) => {
        Object.assign(connections[1] ?? {}, {
          contactEventToken: contacts.token,
          contactEventAesKey: contacts.aesKey,
        });
      },
    });
  });
  afterAll(async () => {
    process.env = before;
    await bed.stop();
    await Promise.all([collector.stop(), receiver.stop()]);
  });

  /** The span of one request, and those of its trace. */
  async function traceOf(
    requestId: string,
  ): Promise<{ root: CollectedSpan; all: CollectedSpan[] }> {
    let root: CollectedSpan | undefined;
    await eventually(() => {
      root = collector.spans.find(
        ({ attributes }) => attributes['lingpai.request_id'] === requestId,
      );
      expect(root).toBeDefined();
    });
    const all = collector.spans.filter(({ traceId }) => traceId === root?.traceId);
    return { root: root!, all };
  }

  it('show a sign-in: the platform’s calls and the statements under the callback’s request, and nothing that must not be shown', async () => {
    const configuration = await discoverPortal(bed);
    const since = bed.log().length;
    const { began, back, browser } = await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao');
    const tokens = await redeem(configuration, began, back);
    await eventually(() => expect(bed.log().slice(since)).toContain('"route":"/token"'));
    const callback = linesOf(bed, since).find(({ route }) => route === '/callback/:slug')!;
    const { root, all } = await traceOf(String(callback['requestId']));

    expect(root).toMatchObject({
      name: 'GET /callback/:slug',
      kind: 'server',
      parentSpanId: undefined,
      failed: false,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/callback/:slug',
        'http.response.status_code': 302,
      },
    });
    expect({ traceId: callback['traceId'], spanId: callback['spanId'] }).toEqual({
      traceId: root.traceId,
      spanId: root.spanId,
    });
    const childrenOf = (span: CollectedSpan) =>
      all.filter(({ parentSpanId }) => parentSpanId === span.spanId);
    const fetched = all.find(({ name }) => name === 'platform token fetch')!;
    expect(fetched.parentSpanId).toBe(root.spanId);
    expect(childrenOf(fetched).map(({ name, kind }) => [name, kind])).toEqual([
      ['wecom gettoken', 'client'],
    ]);
    const { host } = new URL(bed.sandbox.endpoints.wecom.api);
    expect(childrenOf(root).find(({ name }) => name === 'wecom auth/getuserinfo')).toMatchObject({
      kind: 'client',
      failed: false,
      attributes: {
        'server.address': host,
        'lingpai.platform': 'wecom',
        'lingpai.call': 'auth/getuserinfo',
        'lingpai.code': 'ok',
        'lingpai.attempt': 0,
        'http.response.status_code': 200,
      },
    });
    expect(childrenOf(root).map(({ name }) => name)).toContain('UPDATE sign_in_attempts');
    // What is under way shows where: each part begins and ends within its whole.
    for (const span of all) expect(span.durationMs).toBeLessThanOrEqual(root.durationMs + 2);

    const secrets = [
      ...[back.searchParams.get('code'), began.state, began.verifier, began.nonce],
      ...[tokens.access_token, tokens.id_token, tokens.refresh_token],
      ...[browser.cookie('lingpai_session'), browser.cookie('lingpai_browser')],
      ...['exampleWecomSecret', 'Lin.Qiao', '1380000000', '1390000001'],
    ];
    for (const secret of secrets) {
      expect(secret).toBeTruthy();
      expect(collector.text()).not.toContain(secret);
    }
    expect(collector.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'content-type': 'application/json' },
    });
  });

  it('name what failed by its code', async () => {
    const on = 'qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo';
    bed.sandbox.control.fault({ kind: 'ip-not-allowed', on, times: 1 });
    const began = await begin(await discoverPortal(bed), { connection: 'wecom-hq' });
    await scanAs(new TestBrowser(), began.url, 'wang.m');
    await eventually(() => {
      const failed = collector.spans.find(({ failed }) => failed);
      expect(failed).toMatchObject({
        name: 'wecom auth/getuserinfo',
        attributes: { 'lingpai.code': '60020', 'error.type': '60020' },
      });
    });
    bed.sandbox.control.clearFaults();
  });

  it('go on from the caller’s own', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const api = await adminApi(bed);
    await api('POST', '/connections/dingtalk/check', {
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01`, 'x-request-id': 'continued-1' },
    });
    const { root, all } = await traceOf('continued-1');
    expect(root).toMatchObject({ traceId, parentSpanId: 'b7ad6b7169203331' });
    expect(all.some(({ name }) => name === 'dingtalk oauth2/accessToken')).toBe(true);
  });

  it.each([
    ['is not sampled', '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', false],
    ['is none', '00-00000000000000000000000000000000-b7ad6b7169203331-01', true],
    ['cannot be read', 'hello', true],
  ])('begin anew or are left out where the caller’s %s', async (what, traceparent, isSeen) => {
    const id = `parent-${what.replaceAll(' ', '-')}`;
    const ask = (requestId: string, headers: Record<string, string> = {}) =>
      fetch(`${bed.issuer}/.well-known/jwks.json`, {
        headers: { 'x-request-id': requestId, ...headers },
      });
    await ask(id, { traceparent });
    // Spans leave in order: when this one is there, the other would be.
    await ask(`${id}-next`);
    await traceOf(`${id}-next`);
    const found = collector.spans.filter(
      ({ attributes }) => attributes['lingpai.request_id'] === id,
    );
    expect(found).toHaveLength(isSeen ? 1 : 0);
    if (isSeen) expect(found[0]?.parentSpanId).toBeUndefined();
  });

  it('show what is done in the background, each piece of work by itself', async () => {
    const api = await adminApi(bed);
    const made = await api('POST', '/webhooks', {
      body: { url: receiver.url, events: ['account.created'] },
    });
    expect(made.status).toBe(201);
    await api('POST', '/accounts', { body: { displayName: 'Mo' } });
    await pushEvent(
      `${bed.issuer}/events/wecom-hq/contacts`,
      contacts,
      corpId,
      memberLeft(corpId, 'nobody.here'),
    );
    await eventually(() => {
      expect(collector.spans).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            name: 'webhook delivery',
            kind: 'client',
            parentSpanId: undefined,
            failed: false,
            attributes: { 'server.address': new URL(receiver.url).host },
          }),
          expect.objectContaining({
            name: 'platform event',
            kind: 'consumer',
            parentSpanId: undefined,
            attributes: { 'lingpai.connection': 'wecom-hq', 'lingpai.channel': 'contacts' },
          }),
        ]),
      );
    });
    expect(receiver.received[0]?.headers).not.toHaveProperty('traceparent');
    expect(collector.text()).not.toContain('secret-in-the-url');
  });

  it('leave out what machines ask all the time', async () => {
    await fetch(`${bed.issuer}/health/ready`, { headers: { 'x-request-id': 'health-trace-1' } });
    await fetch(`${bed.issuer}/metrics`, { headers: { 'x-request-id': 'metrics-trace-1' } });
    await fetch(`${bed.issuer}/docs-json`, { headers: { 'x-request-id': 'docs-trace-1' } });
    await traceOf('docs-trace-1');
    const ids = collector.spans.map(({ attributes }) => attributes['lingpai.request_id']);
    expect(ids).not.toContain('health-trace-1');
    expect(ids).not.toContain('metrics-trace-1');
  });
});

describe('traces to a collector that is away', () => {
  it('hold up nothing, and the log says so once', async () => {
    const port = await freePort();
    const before = { ...process.env };
    process.env['OTEL_BSP_SCHEDULE_DELAY'] = '50';
    const bed = await openTestBed({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/` },
    });
    process.env = before;
    const configuration = await discoverPortal(bed);
    for (const member of ['Lin.Qiao', 'wang.m']) {
      const { began, back } = await signInOnWeb(configuration, 'wecom-hq', member);
      await redeem(configuration, began, back);
    }
    // Nobody waits for it; the exporter itself tries for a few seconds.
    await eventually(() => expect(bed.log()).toContain('traces cannot be sent'), 15_000);
    await fetch(`${bed.issuer}/.well-known/jwks.json`);
    const startedAt = performance.now();
    await bed.stop();
    expect(performance.now() - startedAt).toBeLessThan(8000);
    const told = linesOf(bed).filter(({ msg }) => msg.startsWith('traces cannot be sent'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ level: 'warn' });
  });
});

describe('traces that are sampled', () => {
  it('are as many as the standard variables say', async () => {
    const before = { ...process.env };
    const collector = await startCollector();
    Object.assign(process.env, {
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
      OTEL_SERVICE_NAME: 'lingpai-eu',
    });
    const bed = await openTestBed({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
    process.env = before;
    await fetch(`${bed.issuer}/.well-known/jwks.json`);
    const traceparent = '00-2af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await fetch(`${bed.issuer}/.well-known/jwks.json`, { headers: { traceparent } });
    await bed.stop();
    await collector.stop();
    expect(collector.spans.map(({ traceId }) => traceId)).toEqual([
      '2af7651916cd43dd8448eb211c80319c',
    ]);
    expect(collector.text()).toContain('"service.name","value":{"stringValue":"lingpai-eu"}');
  });
});

describe('no traces', () => {
  it('stand on no line', async () => {
    const bed = await openTestBed();
    await fetch(`${bed.issuer}/.well-known/jwks.json`);
    await bed.stop();
    expect(bed.log()).toContain('"route":"/.well-known/jwks.json"');
    expect(bed.log()).not.toContain('traceId');
  });
});
