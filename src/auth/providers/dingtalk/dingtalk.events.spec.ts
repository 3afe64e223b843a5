import { createCipheriv, createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { MovableClock } from '../../../../test/fixtures/movable-clock.js';
import { Secret } from '../../../common/secret.js';
import type { CallbackRequest, EventReceiver } from '../platform-events.js';
import { openCallback } from './dingtalk.callback.js';
import { dingtalkEvents } from './dingtalk.events.js';
import type { DingtalkSettings } from './dingtalk.settings.js';
import { settingsOf } from './testing/fake-dingtalk.js';

const token = 'exampleToken01';
const aesKey = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456';
const keys = { token: new Secret(token), aesKey: new Secret(aesKey) };
/** 1700000000500. */
const now = '2023-11-14T22:13:20.500Z';

function receiver(changes: Partial<DingtalkSettings> = {}): EventReceiver {
  const settings = settingsOf({ eventToken: keys.token, eventAesKey: keys.aesKey, ...changes });
  const events = dingtalkEvents(settings, new MovableClock(now));
  if (!events) throw new Error('there are keys');
  return events;
}

/** As DingTalk would push it. */
function pushed(
  content: string,
  { ownerKey = 'dingexampleappkey1', timestamp = '1700000000000' } = {},
): CallbackRequest {
  const message = Buffer.from(content);
  const head = Buffer.alloc(20, 'r');
  head.writeUInt32BE(message.length, 16);
  const bytes = Buffer.concat([head, message, Buffer.from(ownerKey)]);
  const pad = 32 - (bytes.length % 32);
  const key = Buffer.from(`${aesKey}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([bytes, Buffer.alloc(pad, pad)]);
  const encrypt = Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64');
  const signed = [token, timestamp, 'n1', encrypt].sort().join('');
  const signature = createHash('sha1').update(signed).digest('hex');
  return {
    method: 'POST',
    query: new URLSearchParams({ msg_signature: signature, timestamp, nonce: 'n1' }),
    body: JSON.stringify({ encrypt }),
  };
}

/** Reference dingtalk 6.5, with `CorpId` and `EventTime`. */
const event = (fields: Record<string, unknown>): string =>
  JSON.stringify({ EventTime: 1699999999000, CorpId: 'dingexamplecorp01', ...fields });

async function effectsOf(content: string, events = receiver()): Promise<unknown> {
  const read = await events.read('main', pushed(content));
  if (read.kind !== 'event') throw new Error('it was taken for a test of the URL');
  return events.handle(read.event);
}

describe('DingTalk’s events', () => {
  it('are read where the connection has keys for them', () => {
    expect(receiver().channels).toEqual(['main']);
    expect(dingtalkEvents(settingsOf(), new MovableClock(now))).toBeUndefined();
  });

  it.each(['check_url', 'check_create_suite_url', 'check_update_suite_url'])(
    '%s is a test of the URL, answered with success',
    async (type) => {
      const read = await receiver().read('main', pushed(`{"EventType":"${type}","Random":"x"}`));
      expect(read.kind).toBe('verification');
      const { msg_signature, timeStamp, nonce, encrypt } = JSON.parse(read.answer.body) as Record<
        string,
        string
      >;
      expect(timeStamp).toBe('1700000000500');
      const opened = openCallback(keys, {
        method: 'POST',
        query: new URLSearchParams({
          msg_signature: msg_signature ?? '',
          timestamp: timeStamp ?? '',
          nonce: nonce ?? '',
        }),
        body: JSON.stringify({ encrypt }),
      });
      expect(opened).toMatchObject({ content: 'success', ownerKey: 'dingexampleappkey1' });
    },
  );

  it('say what happened, when, and to whom; and are answered in the name that they used', async () => {
    const content = event({ EventType: 'user_leave_org', userId: ['manager0042'] });
    const read = await receiver().read('main', pushed(content, { ownerKey: 'dingexamplecorp01' }));
    expect(read).toMatchObject({
      kind: 'event',
      event: {
        channel: 'main',
        content,
        type: 'user_leave_org',
        sentAt: new Date(1699999999000),
        subject: 'dingexamplecorp01/manager0042',
      },
      answer: { contentType: 'application/json' },
    });
  });

  it.each([
    [{ EventTime: undefined, TimeStamp: 1699999998000 }, 1699999998000],
    [{ EventTime: undefined, timeStamp: '1699999997123' }, 1699999997123],
    [{ EventTime: undefined }, 1700000000000],
  ])('of other ages (%j) tell their time too', async (fields, sentAt) => {
    const content = event({ EventType: 'user_active_org', userId: ['a', 'b'], ...fields });
    const read = await receiver().read('main', pushed(content));
    expect(read).toMatchObject({
      event: { sentAt: new Date(sentAt), subject: 'dingexamplecorp01' },
    });
  });

  it.each([
    ['another app', pushed('{"EventType":"check_url"}', { ownerKey: 'dingother' })],
    ['no owner', pushed('{"EventType":"check_url"}', { ownerKey: '' })],
    ['yesterday', pushed('{"EventType":"check_url"}', { timestamp: '1699913600499' })],
    ['tomorrow', pushed('{"EventType":"check_url"}', { timestamp: '1700086400501' })],
    ['no event', pushed('{}')],
    ['no JSON', pushed('success')],
    ['GET', { ...pushed('{"EventType":"check_url"}'), method: 'GET' as const }],
  ])('are refused: %s', async (_name, request) => {
    await expect(receiver().read('main', request)).rejects.toMatchObject({
      code: 'callback_refused',
      message: 'This callback is refused.',
    });
  });

  it('are taken a day later, by the millisecond', async () => {
    const request = pushed('{"EventType":"check_url"}', { timestamp: '1699913600500' });
    expect((await receiver().read('main', request)).kind).toBe('verification');
  });

  it.each([
    ['user_leave_org', { userId: ['manager0042', 'zhang.wei', 'manager0042'] }],
    ['user_leave_org', { UserId: ['manager0042', 'zhang.wei'] }],
  ])('%s: each of them has left', async (EventType, who) => {
    expect(await effectsOf(event({ EventType, ...who }))).toEqual([
      { kind: 'person-left', issuer: 'dingtalk:dingexamplecorp01', userId: 'manager0042' },
      { kind: 'person-left', issuer: 'dingtalk:dingexamplecorp01', userId: 'zhang.wei' },
    ]);
  });

  it('org_remove: the corp is no more', async () => {
    expect(await effectsOf(event({ EventType: 'org_remove' }))).toEqual([
      { kind: 'tenant-left', issuer: 'dingtalk:dingexamplecorp01' },
    ]);
  });

  it.each(['user_add_org', 'user_modify_org', 'user_active_org', 'label_conf_add'])(
    '%s means nothing',
    async (EventType) => {
      expect(await effectsOf(event({ EventType, userId: ['manager0042'] }))).toEqual([]);
    },
  );

  it('mean nothing when they are of another corp, or of none', async () => {
    const left = { EventType: 'user_leave_org', userId: ['manager0042'] };
    expect(await effectsOf(event({ ...left, CorpId: 'dingexamplecorp02' }))).toEqual([]);
    expect(await effectsOf(event({ ...left, CorpId: undefined }))).toEqual([]);
    const { corpId: _corpId, ...open } = settingsOf();
    const anyCorp = dingtalkEvents(
      { ...open, eventToken: keys.token, eventAesKey: keys.aesKey },
      new MovableClock(now),
    );
    expect(await effectsOf(event(left), anyCorp)).toEqual([]);
  });
});
