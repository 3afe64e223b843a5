import { setTimeout as sleep } from 'node:timers/promises';

import { encrypt, getSignature } from '@wecom/crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import type { EventEffect } from '../../src/auth/providers/platform-events.js';
import { AuditService } from '../../src/audit/audit.service.js';
import { Sweeper } from '../../src/database/sweeper.js';
import { EventEffects, type EventSource } from '../../src/platform-events/event-effects.js';
import { EventQueue } from '../../src/platform-events/event-queue.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, type Replica, type TestBed } from '../fixtures/service.js';

const corpId = 'ww1a2b3c4d5e6f7a8b';
const app = { token: 'appTok3n', aesKey: 'SimulatorOnlyKeySimulatorOnlyKey01234567891' };
const contacts = { token: 'contactsTok3n', aesKey: 'AnotherKeyOfTheHelperAnotherKeyOfTheHelper2' };

let bed: TestBed;
let second: Replica;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }) => {
      Object.assign(connections[1] ?? {}, {
        eventToken: app.token,
        eventAesKey: app.aesKey,
        contactEventToken: contacts.token,
        contactEventAesKey: contacts.aesKey,
      });
      connections.push(
        { ...connections[1], slug: 'wecom-off', enabled: false },
        { slug: 'local', platform: 'local', displayName: '手机' },
      );
    },
  });
  second = await bed.addReplica();
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => bed.stop());

interface Push {
  readonly path?: string;
  readonly base?: string;
  readonly keys?: { readonly token: string; readonly aesKey: string };
  readonly receiveId?: string;
  readonly signature?: string;
  readonly contentType?: string;
  /** In place of the envelope. */
  readonly body?: string;
}

function nowSeconds(): number {
  return Math.floor(bed.clock.now().getTime() / 1000);
}

/** As WeCom would send it. */
function push(content: string, given: Push = {}): Promise<Response> {
  const { path = '/events/wecom-hq/contacts', base = bed.issuer, keys = contacts } = given;
  const encrypted = encrypt(keys.aesKey, content, given.receiveId ?? corpId);
  const timestamp = String(nowSeconds());
  const query = new URLSearchParams({
    msg_signature: given.signature ?? getSignature(keys.token, timestamp, 'nonce1', encrypted),
    timestamp,
    nonce: 'nonce1',
  });
  return fetch(`${base}${path}?${query.toString()}`, {
    method: 'POST',
    headers: { 'content-type': given.contentType ?? 'text/xml' },
    body:
      given.body ??
      `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
  });
}

function change(type: string, fields: Record<string, string>, sentAt = nowSeconds()): string {
  const rest = Object.entries(fields).map(
    ([name, text]) => `<${name}><![CDATA[${text}]]></${name}>`,
  );
  return `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>${sentAt}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_contact]]></Event><ChangeType>${type}</ChangeType>${rest.join('')}</xml>`;
}

interface Stored {
  readonly type: string;
  readonly subject: string;
  readonly status: string;
  readonly attempts: number;
  readonly content: string | null;
  readonly last_error: string | null;
}

function stored(subject: string): Promise<Stored[]> {
  return bed.query<Stored>('select * from platform_events where subject = $1 order by seq', [
    subject,
  ]);
}

async function settled(subject: string, status = 'done'): Promise<void> {
  await eventually(async () => {
    const statuses = (await stored(subject)).map((row) => row.status);
    expect(statuses.length).toBeGreaterThan(0);
    expect(new Set(statuses)).toEqual(new Set([status]));
  });
}

type Apply = (effects: readonly EventEffect[], event: EventSource) => Promise<void>;

/** Stands in for the account side in both replicas. */
function applyWith(apply: Apply): void {
  for (const { service } of bed.replicas)
    jest.spyOn(service.app.get(EventEffects, { strict: false }), 'apply').mockImplementation(apply);
}

describe('a test of the URL', () => {
  it.each([
    ['/events/wecom-hq', app],
    ['/events/wecom-hq/contacts', contacts],
  ])('is answered with the bare text at %s', async (path, keys) => {
    const echostr = encrypt(keys.aesKey, '7130425512345678901', corpId);
    const query = new URLSearchParams({
      msg_signature: getSignature(keys.token, '1700000000', 'n', echostr),
      timestamp: '1700000000',
      nonce: 'n',
      echostr,
    });
    const answer = await fetch(`${bed.issuer}${path}?${query.toString()}`);
    expect([answer.status, await answer.text()]).toEqual([200, '7130425512345678901']);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    query.set('nonce', 'm');
    expect((await fetch(`${bed.issuer}${path}?${query.toString()}`)).status).toBe(403);
  });
});

/** Of this kind, of the last minute on the service's clock, once they are written. */
async function audited(action: string): Promise<Record<string, unknown>[]> {
  for (const { service } of bed.replicas)
    await service.app.get(AuditService, { strict: false }).flush();
  return bed.query('select * from audit_events where action = $1 and at > $2 order by id', [
    action,
    new Date(bed.clock.now().getTime() - 60_000),
  ]);
}

describe('a callback that is not from the platform', () => {
  const honest = () => change('delete_user', { UserID: 'nobody' });
  const bomb =
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>';
  const dayAgo = () => nowSeconds() - 24 * 3600 - 60;
  const cases: [string, () => Promise<Response>, string][] = [
    [
      'a bad signature',
      () => push(honest(), { signature: 'a'.repeat(40) }),
      'the signature is wrong',
    ],
    ['no signature', () => push(honest(), { signature: '' }), 'the signature is wrong'],
    ['another ReceiveId', () => push(honest(), { receiveId: 'wwother' }), 'it is for another corp'],
    ['the keys of another channel', () => push(honest(), { keys: app }), 'the signature is wrong'],
    [
      'an old time',
      () => push(change('delete_user', { UserID: 'nobody' }, dayAgo())),
      'its time is missing, or more than a day off',
    ],
    ['nothing', () => push('', { body: '' }), 'there is nothing in it'],
    ['too much', () => push('', { body: 'x'.repeat(300_000) }), 'it is too large'],
    [
      'far too much JSON',
      () => push('', { body: '[' + '1,'.repeat(500_000), contentType: 'application/json' }),
      'it is too large',
    ],
    ['a bomb', () => push('', { body: bomb }), 'the XML holds a declaration, or is cut off'],
    ['a bomb inside', () => push(bomb), 'the XML holds a declaration, or is cut off'],
    [
      'half of it',
      () => push('', { body: '<xml><Encrypt><![CDATA[abc' }),
      'the XML holds a declaration, or is cut off',
    ],
    [
      'broken JSON',
      () => push('', { body: '{"encrypt":', contentType: 'application/json' }),
      'the XML is not whole',
    ],
    [
      'a form',
      () => push('', { body: 'a=1&a=2', contentType: 'application/x-www-form-urlencoded' }),
      'the XML is not whole',
    ],
    [
      'a media type that is none',
      () => push('', { body: '%', contentType: 'x; charset=utf-99' }),
      'the XML is not whole',
    ],
    [
      'an unknown connection',
      () => push(honest(), { path: '/events/nobody' }),
      'there is no such connection, or it is disabled',
    ],
    [
      'a disabled connection',
      () => push(honest(), { path: '/events/wecom-off/contacts' }),
      'there is no such connection, or it is disabled',
    ],
    ...['/events/dingtalk', '/events/local', '/events/wecom-hq/data', '/events/wecom-hq/main'].map(
      (path): [string, () => Promise<Response>, string] => [
        `a URL without keys, ${path}`,
        () => push(honest(), { path }),
        'the connection has no keys for this URL',
      ],
    ),
    [
      'a test of a URL that there is not',
      () => fetch(`${bed.issuer}/events/nobody?echostr=abc`),
      'there is no such connection, or it is disabled',
    ],
    ['a test of nothing', () => fetch(`${bed.issuer}/events/wecom-hq`), 'there is nothing in it'],
  ];

  it.each(cases)(
    'is refused as all others are, with one line for the operator: %s',
    async (_what, send, reason) => {
      bed.clock.advance(61);
      for (let repeat = 0; repeat < 2; repeat++) {
        const answer = await send();
        expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
        expect([answer.status, await answer.json()]).toEqual([
          403,
          {
            type: 'about:blank',
            title: 'This callback is refused.',
            status: 403,
            code: 'callback_refused',
            instance: expect.any(String),
          },
        ]);
      }
      expect(await audited('platform_event.receive')).toMatchObject([
        { outcome: 'refused', reason, ip: '127.0.0.1' },
      ]);
      expect(await stored('nobody')).toEqual([]);
      expect(bed.log()).not.toContain('a request failed');
    },
  );

  it('is no way for other methods', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH'])
      expect((await fetch(`${bed.issuer}/events/wecom-hq`, { method })).status).toBe(404);
  });
});

describe('an event', () => {
  it('is answered at once, and becomes what it means', async () => {
    const applied: [readonly EventEffect[], EventSource][] = [];
    applyWith((effects, event) => {
      applied.push([effects, event]);
      return Promise.resolve();
    });
    const sentAt = nowSeconds();
    const good = await push(change('delete_user', { UserID: 'Lin.Qiao' }, sentAt));
    expect([good.status, await good.text()]).toEqual([200, 'success']);
    await settled('lin.qiao');
    expect(applied).toEqual([
      [
        [
          {
            kind: 'person-left',
            issuer: `wecom:${corpId}`,
            userId: 'Lin.Qiao',
            subject: 'lin.qiao',
          },
        ],
        {
          connection: 'wecom-hq',
          channel: 'contacts',
          type: 'delete_user',
          subject: 'lin.qiao',
          sentAt: new Date(sentAt * 1000),
        },
      ],
    ]);
    expect(await stored('lin.qiao')).toMatchObject([
      { type: 'delete_user', status: 'done', attempts: 1, content: null, last_error: null },
    ]);
  });

  it('is one event however often and wherever it is sent', async () => {
    const applied: string[] = [];
    applyWith((_effects, { subject }) => {
      applied.push(subject);
      return Promise.resolve();
    });
    const content = change('delete_user', { UserID: 'twice' });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        push(content, { base: index % 2 ? second.url : bed.issuer }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    await settled('twice');
    bed.clock.advance(3600);
    expect((await push(content)).status).toBe(200);
    await settled('twice');
    expect(await stored('twice')).toHaveLength(1);
    expect(applied).toEqual(['twice']);
    // Of the same second, and told apart by what they hold.
    expect((await push(change('delete_user', { UserID: 'thrice' }))).status).toBe(200);
    expect((await push(change('create_user', { UserID: 'thrice' }))).status).toBe(200);
    expect(await stored('thrice')).toHaveLength(2);
  });

  it('is answered within a second, however long its work takes', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    applyWith(() => held);
    const started = performance.now();
    const answer = await push(change('delete_user', { UserID: 'slow' }));
    expect([answer.status, await answer.text()]).toEqual([200, 'success']);
    expect(performance.now() - started).toBeLessThan(1000);
    await eventually(async () => expect(await stored('slow')).toMatchObject([{ attempts: 1 }]));
    // Longer than a claim lasts: it is renewed, and nobody else begins.
    await sleep(11_000);
    expect(await stored('slow')).toMatchObject([{ status: 'pending', attempts: 1 }]);
    release();
    await settled('slow');
    expect(await stored('slow')).toMatchObject([{ attempts: 1 }]);
  }, 30_000);

  it('is tried again when it failed, and those of its subject wait for it', async () => {
    const seen: string[] = [];
    let failures = 2;
    applyWith((_effects, { type, subject }) => {
      seen.push(`${subject} ${type}`);
      if (subject === 'unlucky' && failures-- > 0) return Promise.reject(new Error('not now'));
      return Promise.resolve();
    });
    const at = nowSeconds();
    await push(change('update_user', { UserID: 'unlucky', Status: '2' }, at - 1));
    await push(change('delete_user', { UserID: 'unlucky' }, at));
    await push(change('delete_user', { UserID: 'other' }, at));
    await settled('other');
    await settled('unlucky');
    expect(seen.filter((each) => each.startsWith('unlucky'))).toEqual([
      'unlucky update_user',
      'unlucky update_user',
      'unlucky update_user',
      'unlucky delete_user',
    ]);
    expect(await stored('unlucky')).toMatchObject([
      { type: 'update_user', attempts: 3 },
      { type: 'delete_user', attempts: 1 },
    ]);
  }, 20_000);

  it('comes in the order of the platform’s time, then of arrival', async () => {
    const seen: string[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    applyWith(async (effects) => {
      if (seen.length === 0) await held;
      seen.push(effects.map(({ kind }) => kind).join('+'));
    });
    const at = nowSeconds();
    // The first is under way while the others arrive, one of them older than it.
    await push(change('update_user', { UserID: 'o1', NewUserID: 'ordered' }, at));
    await eventually(async () => expect(await stored('ordered')).toMatchObject([{ attempts: 1 }]));
    await push(change('delete_user', { UserID: 'ordered' }, at + 2), { base: second.url });
    await push(change('update_user', { UserID: 'o2', NewUserID: 'ordered', Status: '5' }, at + 1), {
      base: second.url,
    });
    await push(change('update_user', { UserID: 'ordered', Status: '2' }, at - 5));
    await sleep(1500);
    expect((await stored('ordered')).map(({ attempts }) => attempts)).toEqual([1, 0, 0, 0]);
    release();
    await settled('ordered');
    expect(seen).toEqual([
      'person-renamed',
      'person-left',
      'person-renamed+person-left',
      'person-left',
    ]);
  }, 20_000);

  it('is handled once and one at a time by two replicas that race', async () => {
    const seen: string[] = [];
    const underWay = new Set<string>();
    applyWith(async (_effects, { subject, sentAt }) => {
      expect(underWay.has(subject)).toBe(false);
      underWay.add(subject);
      await sleep(5);
      underWay.delete(subject);
      seen.push(`${subject} ${sentAt.getTime() / 1000 - at}`);
    });
    const at = nowSeconds();
    const pushes = Array.from({ length: 60 }, (_, index) => index);
    await Promise.all(
      pushes.map((index) =>
        push(change('delete_user', { UserID: `race${index % 6}` }, at + Math.floor(index / 6)), {
          base: index % 2 ? second.url : bed.issuer,
        }),
      ),
    );
    for (let subject = 0; subject < 6; subject++) await settled(`race${subject}`);
    expect([...seen].sort()).toEqual(
      pushes.map((index) => `race${index % 6} ${Math.floor(index / 6)}`).sort(),
    );
    const rows = await bed.query<{ attempts: number }>(
      `select attempts from platform_events where subject like 'race%'`,
    );
    expect(rows.map(({ attempts }) => attempts)).toEqual(Array(60).fill(1));
  }, 20_000);

  it('is another’s when its replica died over it', async () => {
    const applied: string[] = [];
    applyWith((_effects, { subject }) => {
      applied.push(subject);
      return Promise.resolve();
    });
    await insertPending(
      'orphan',
      bed.clock.now(),
      'wecom-hq',
      new Date(bed.clock.now().getTime() + 10_000),
    );
    // Claimed by one that will never be heard of again.
    await bed.query(
      `update platform_events set attempts = 1, next_attempt_at = $1 where subject = 'orphan'`,
      [new Date(bed.clock.now().getTime() + 10_000)],
    );
    await sleep(1500);
    expect(applied).toEqual([]);
    bed.clock.advance(11);
    await settled('orphan');
    expect(applied).toEqual(['orphan']);
    expect(await stored('orphan')).toMatchObject([{ attempts: 2 }]);
  }, 20_000);

  it('of a kind that we do not know is answered, and nothing follows', async () => {
    applyWith(() => Promise.reject(new Error('nothing follows from it')));
    const answer = await push(change('update_tag', { TagId: '1', UserID: 'tagged' }));
    expect(answer.status).toBe(200);
    await settled('tagged');
    expect(await stored('tagged')).toMatchObject([{ type: 'update_tag', attempts: 1 }]);
  });

  it('of a connection that is gone is done at once', async () => {
    await insertPending('stray', bed.clock.now(), 'gone');
    await settled('stray');
    expect(await stored('stray')).toMatchObject([{ content: null, attempts: 1 }]);
  });

  it('is given up after a day, which the audit tells, and its content is deleted', async () => {
    applyWith(() => Promise.reject(new Error('never')));
    await push(change('delete_user', { UserID: 'hopeless' }));
    await eventually(async () =>
      expect(await stored('hopeless')).toMatchObject([{ last_error: 'internal_error' }]),
    );
    bed.clock.advance(24 * 3600);
    await settled('hopeless', 'given-up');
    const [row] = await stored('hopeless');
    expect([row?.content, row?.last_error, row?.attempts]).toEqual([null, 'internal_error', 2]);
    expect(await audited('platform_event.give_up')).toMatchObject([
      { outcome: 'failed', connection: 'wecom-hq', details: { subject: 'hopeless', attempts: 2 } },
    ]);
    expect(bed.log()).toContain('a platform event is given up');
  }, 20_000);

  it('that nobody ever comes to the end of is given up unseen', async () => {
    applyWith(() => Promise.reject(new Error('nobody gets here')));
    await insertPending(
      'deadly',
      bed.clock.now(),
      'wecom-hq',
      new Date(bed.clock.now().getTime() + 60_000),
    );
    await bed.query(`update platform_events set attempts = 400 where subject = 'deadly'`);
    bed.clock.advance(60);
    await settled('deadly', 'given-up');
    expect(await stored('deadly')).toMatchObject([
      { content: null, last_error: 'its attempts never ended' },
    ]);
  });

  it('shows nothing of what it holds in the log or the table', async () => {
    applyWith(() => Promise.resolve());
    await push(change('create_user', { UserID: 'private', Mobile: '13812345678', Name: '林巧' }));
    await settled('private');
    expect(bed.log()).not.toMatch(/13812345678|林巧/);
    for (const key of [app, contacts]) {
      expect(bed.log()).not.toContain(key.token);
      expect(bed.log()).not.toContain(key.aesKey);
    }
  });

  it('is counted, with the age of the oldest', async () => {
    applyWith(() => Promise.reject(new Error('not now')));
    await push(change('delete_user', { UserID: 'counted' }));
    await eventually(async () =>
      expect(await stored('counted')).toMatchObject([{ last_error: 'internal_error' }]),
    );
    bed.clock.advance(60);
    await eventually(async () => {
      const text = await (await fetch(`${bed.issuer}/metrics`)).text();
      expect(text).toMatch(/^lingpai_platform_event_lag_seconds 6\d(?:\.\d+)?$/m);
    });
    jest.restoreAllMocks();
    bed.clock.advance(600);
    await settled('counted');
    await eventually(async () => {
      const text = await (await fetch(`${bed.issuer}/metrics`)).text();
      expect(text).toMatch(/^lingpai_platform_event_lag_seconds 0$/m);
    });
    const texts = await Promise.all(
      bed.replicas.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
    );
    for (const outcome of ['done', 'failed'])
      expect(texts.join('\n')).toMatch(
        new RegExp(
          `^lingpai_platform_events_total\\{platform="wecom-self-built",type="delete_user",outcome="${outcome}"\\} [1-9]`,
          'm',
        ),
      );
  }, 20_000);

  it('is forgotten a week later, unless it waits', async () => {
    bed.clock.advance(7 * 24 * 3600 + 60);
    const now = bed.clock.now().getTime();
    await insertPending(
      'waits',
      new Date(now - 8 * 24 * 3600 * 1000),
      'wecom-hq',
      new Date(now + 3_600_000),
    );
    await bed.replicas[0]?.service.app.get(Sweeper, { strict: false }).run();
    expect(await bed.query('select subject from platform_events')).toEqual([{ subject: 'waits' }]);
  });

  it('is in no description of the API', async () => {
    expect(await (await fetch(`${bed.issuer}/api/v1/openapi.json`)).text()).not.toContain(
      '/events/',
    );
  });
});

/** An event that nobody was told of: only those find it who look. */
async function insertPending(
  subject: string,
  receivedAt: Date,
  connection = 'wecom-hq',
  dueAt = receivedAt,
): Promise<void> {
  const queue = bed.replicas[0]?.service.app.get(EventQueue, { strict: false });
  // It asks for the time at once: nobody else sees this one, nor the event before it is due.
  const standing = jest.spyOn(bed.clock, 'now').mockReturnValue(dueAt);
  const added = queue?.add(connection, {
    channel: 'contacts',
    content: change('delete_user', { UserID: subject }),
    type: 'delete_user',
    sentAt: receivedAt,
    subject,
  });
  standing.mockRestore();
  await added;
  await bed.query('update platform_events set received_at = $2 where subject = $1', [
    subject,
    receivedAt,
  ]);
}
