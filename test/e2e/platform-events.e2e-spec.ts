import { encrypt, getSignature } from '@wecom/crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import type { EventEffect } from '../../src/auth/providers/platform-events.js';
import { AuditService } from '../../src/audit/audit.service.js';
import { Sweeper } from '../../src/database/sweeper.js';
import { EventEffects, type EventSource } from '../../src/platform-events/event-effects.js';
import { eventually } from '../fixtures/eventually.js';
import { adminApi } from '../fixtures/api.js';
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
afterEach(() => jest.restoreAllMocks());
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

describe('an event', () => {
  it('is answered at once, and becomes what it means', async () => {
    const applied: [readonly EventEffect[], EventSource][] = [];
    applyWith((effects, event) => {
      applied.push([effects, event]);
      return Promise.resolve();
    });
    const answer = await push(change('delete_user', { UserID: 'Lin.Qiao' }, 1767225600), {});
    expect(answer.status).toBe(403);

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
});
