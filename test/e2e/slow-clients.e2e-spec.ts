import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { machineToken } from '../fixtures/api.js';
import { eventually } from '../fixtures/eventually.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let token: string;
const callers: Caller[] = [];

beforeAll(async () => {
  bed = await openTestBed({
    httpLimits: {
      headersMs: 500,
      bodyMs: 700,
      silenceMs: 900,
      keepAliveMs: 600,
      headerBytes: 8_192,
      connections: 40,
      checkEveryMs: 50,
    },
  });
  token = await machineToken(bed, admin);
});
afterEach(async () => {
  callers.splice(0).forEach((caller) => caller.leave());
  await eventually(async () => expect(await connections()).toBe(0));
});
afterAll(() => bed.stop());

/** Somebody who speaks HTTP byte by byte. */
class Caller {
  heard = '';
  /** From its first word to the end of the connection. */
  endedAfterMs: number | undefined;
  #startedAtMs = performance.now();

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('close', () => (this.endedAfterMs = performance.now() - this.#startedAtMs));
  }

  static async arrive(
    reads: 'reads' | 'never reads' = 'reads',
    at: TestBed = bed,
  ): Promise<Caller> {
    const socket = connect(Number(new URL(at.issuer).port), '127.0.0.1');
    await once(socket, 'connect');
    const caller = new Caller(socket);
    if (reads === 'reads') socket.on('data', (chunk: Buffer) => (caller.heard += chunk.toString()));
    callers.push(caller);
    return caller;
  }

  say(text: string): void {
    if (this.socket.writable) this.socket.write(text);
  }

  /** Word by word, until there are no more or nobody listens. */
  async drip(words: Iterable<string>, everyMs: number): Promise<void> {
    for (const word of words) {
      if (this.endedAfterMs !== undefined) return;
      this.say(word);
      await sleep(everyMs);
    }
  }

  /** Says that it will say no more, and goes on listening. */
  fallSilent(): void {
    this.socket.end();
  }

  leave(): void {
    this.socket.destroy();
  }

  /** @returns how long the connection lasted */
  async ended(): Promise<number> {
    await eventually(() => expect(this.endedAfterMs).toBeDefined());
    return this.endedAfterMs ?? 0;
  }
}

function connections(): Promise<number> {
  const server = bed.replicas[0]!.service.app.getHttpServer() as Server;
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

const statusesIn = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const errorsIn = (log: string) =>
  log.split('\n').filter((line) => line.includes('"level":"error"'));
const times = (count: number, word: string) => Array.from({ length: count }, () => word);
const post = (path: string, headers: readonly string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** A refusal is one of ours, and tells nothing of the inside. */
function expectProblem(text: string, status: number): void {
  expect(statusesIn(text)).toEqual([status]);
  expect(text).toContain('Connection: close');
  expect(text).toMatch(/Content-Type: application\/problem\+json/i);
  expect(text).toContain('Cache-Control: no-store');
  expect(text).toContain('X-Content-Type-Options: nosniff');
  expect(text).toContain('X-Frame-Options: DENY');
  expect(text).toContain(
    "Content-Security-Policy: default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  );
  const problem = JSON.parse(/\{.*\}/.exec(text)?.[0] ?? '') as object;
  expect(problem).toEqual({
    type: 'about:blank',
    title: expect.stringMatching(/^(The|That) .*\.$/),
    status,
    code: 'request_invalid',
  });
}

describe('a caller who is slow', () => {
  it('to say anything at all, is left', async () => {
    const caller = await Caller.arrive();
    expect(await caller.ended()).toBeGreaterThan(250);
  });

  it('with the headers, is answered 408 and left, however steadily they drip', async () => {
    const caller = await Caller.arrive();
    caller.say('GET /health/live HTTP/1.1\r\nHost: localhost\r\n');
    await caller.drip(times(400, 'X-A: b\r\n'), 50);
    expect(await caller.ended()).toBeLessThan(10_000);
    expectProblem(caller.heard, 408);
  });

  it('with a body, is answered 408 and left, however steadily it drips', async () => {
    const logged = bed.log().length;
    const caller = await Caller.arrive();
    const form = 'Content-Type: application/x-www-form-urlencoded';
    caller.say(post('/token', [form, 'Content-Length: 1000']));
    await caller.drip(times(400, 'a'), 50);
    expect(await caller.ended()).toBeGreaterThan(600);
    expect(caller.endedAfterMs).toBeLessThan(10_000);
    expectProblem(caller.heard, 408);
    expect(errorsIn(bed.log().slice(logged))).toEqual([]);
  });

  it('with a body of our API, too', async () => {
    const logged = bed.log().length;
    const caller = await Caller.arrive();
    const headers = [`Authorization: Bearer ${token}`, 'Content-Type: application/json'];
    caller.say(post('/api/v1/accounts', [...headers, 'Transfer-Encoding: chunked']));
    await caller.drip(times(400, '1\r\n{\r\n'), 50);
    expect(await caller.ended()).toBeLessThan(10_000);
    expectProblem(caller.heard, 408);
    expect(errorsIn(bed.log().slice(logged))).toEqual([]);
  });

  it('with what was refused already, is left as soon', async () => {
    const caller = await Caller.arrive();
    const headers = ['Content-Type: application/x-ndjson', 'Transfer-Encoding: chunked'];
    caller.say(post('/api/v1/accounts/import', headers));
    await caller.drip(times(400, '1\r\n{\r\n'), 50);
    expect(await caller.ended()).toBeLessThan(10_000);
    expect(statusesIn(caller.heard)).toEqual([401]);
  });

  it('to take the answers, is left when nothing has moved for a while', async () => {
    const caller = await Caller.arrive('never reads');
    // More than the system keeps for a connection.
    caller.say(times(300, get('/docs-json')).join(''));
    await sleep(400);
    expect(await connections()).toBe(1);
    await eventually(async () => expect(await connections()).toBe(0), 5000);
  });

  it('to ask again, finds the connection closed', async () => {
    const caller = await Caller.arrive();
    caller.say(get('/health/live'));
    expect(await caller.ended()).toBeGreaterThan(500);
    // Node would keep it for five seconds.
    expect(caller.endedAfterMs).toBeLessThan(4500);
    expect(statusesIn(caller.heard)).toEqual([200]);
  });
});

describe('an import', () => {
  const begin = async (): Promise<Caller> => {
    const caller = await Caller.arrive();
    const headers = [`Authorization: Bearer ${token}`, 'Content-Type: application/x-ndjson'];
    caller.say(post('/api/v1/accounts/import', [...headers, 'Transfer-Encoding: chunked']));
    return caller;
  };
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const person = (index: number) =>
    `{"identities":[{"connection":"wecom-hq","subject":"slow${index}"}]}\n`;

  it('may take longer than any other request, as long as something comes', async () => {
    const caller = await begin();
    const lines = Array.from({ length: 12 }, (_, index) => chunk(person(index)));
    await caller.drip([...lines, '0\r\n\r\n'], 200);
    await eventually(() => expect(caller.heard).toContain('"line":12,'));
    expect(statusesIn(caller.heard)).toEqual([200]);
    expect(caller.heard.match(/"status":"created"/g)).toHaveLength(12);
  });

  it('with what is no HTTP in the midst of the answer, is cut off and not answered twice', async () => {
    const caller = await begin();
    caller.say(chunk(Array.from({ length: 600 }, (_, index) => person(1000 + index)).join('')));
    await eventually(() => expect(caller.heard).toContain('"line":500,'));
    caller.say('zz\r\n');
    await caller.ended();
    expect(statusesIn(caller.heard)).toEqual([200]);
  });

  it('is left when nothing comes any more', async () => {
    const logged = bed.log().length;
    const caller = await begin();
    caller.say(chunk(person(100)));
    expect(await caller.ended()).toBeGreaterThan(800);
    expect(errorsIn(bed.log().slice(logged))).toEqual([]);
  });
});

describe('a caller who says', () => {
  it('more headers than fit, is answered 431', async () => {
    const caller = await Caller.arrive();
    caller.say(`GET /health/live HTTP/1.1\r\nHost: localhost\r\n`);
    await caller.drip(times(200, `X-A: ${'b'.repeat(1000)}\r\n`), 1);
    await caller.ended();
    expectProblem(caller.heard, 431);
  });

  it('a URL that is longer than fits, is answered 431', async () => {
    const caller = await Caller.arrive();
    caller.say(get(`/authorize?state=${'s'.repeat(10_000)}`));
    await caller.ended();
    expectProblem(caller.heard, 431);
  });

  it.each([
    ['what is no HTTP', 'EHLO mail.example.com\r\n\r\n'],
    [
      'two lengths of one body',
      post('/token', ['Content-Length: 4', 'Transfer-Encoding: chunked']),
    ],
    ['a chunk without a length', `${post('/token', ['Transfer-Encoding: chunked'])}zz\r\n`],
  ])('%s, is answered 400', async (_what, text) => {
    const caller = await Caller.arrive();
    caller.say(text);
    await caller.ended();
    expectProblem(caller.heard, 400);
  });

  it('several things at once, is answered in order', async () => {
    const caller = await Caller.arrive();
    caller.say(`${get('/health/live')}${get('/nowhere')}${get('/health/live')}`);
    await eventually(() => expect(statusesIn(caller.heard)).toEqual([200, 404, 200]));
  });
});

describe('a caller for whom there is no need to wait, at a service of the usual patience, who says', () => {
  let patient: TestBed;
  beforeAll(async () => {
    patient = await openTestBed();
  });
  afterAll(() => patient.stop());

  it('something after a question that is none, is left', async () => {
    const caller = await Caller.arrive('reads', patient);
    caller.say(`${get('/health/live')}\u0001\u0002\r\n\r\n`);
    expect(await caller.ended()).toBeLessThan(10_000);
  });

  it('that this was all, is answered all the same', async () => {
    const caller = await Caller.arrive('reads', patient);
    caller.say(get('/health/live'));
    caller.fallSilent();
    expect(await caller.ended()).toBeLessThan(10_000);
    expect(statusesIn(caller.heard)).toEqual([200]);
  });

  it('less than was promised and then that this was all, leaves nothing behind', async () => {
    const caller = await Caller.arrive('reads', patient);
    caller.say(`${post('/token', ['Content-Length: 100'])}grant_type=`);
    caller.fallSilent();
    expect(await caller.ended()).toBeLessThan(10_000);
    expect(errorsIn(patient.log())).toEqual([]);
  });
});

it('more callers than there is room for are turned away, and those who were there are served', async () => {
  const first = await Caller.arrive();
  for (let count = 0; count < 60; count += 1) await Caller.arrive();
  expect(await connections()).toBe(40);
  first.say(get('/health/live'));
  await eventually(() => expect(statusesIn(first.heard)).toEqual([200]));
});
