import { encrypt, getSignature } from '@wecom/crypto';
import { describe, expect, it } from '@jest/globals';

import { Clock } from '../../../common/clock.js';
import { Secret } from '../../../common/secret.js';
import type { CallbackRequest, EventChannel, PlatformEvent } from '../platform-events.js';
import { wecomSelfBuiltEvents } from './wecom-self-built.events.js';
import { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';

const corpId = 'ww1a2b3c4d5e6f7a8b';
const appKey = 'SimulatorOnlyKeySimulatorOnlyKey01234567890';
const contactsKey = 'AnotherKeyOfTheHelperAnotherKeyOfTheHelper2';

class StandingClock extends Clock {
  override now(): Date {
    return new Date('2026-01-01T00:10:00Z');
  }
}

const both = {
  eventToken: new Secret('appTok3n'),
  eventAesKey: new Secret(appKey),
  contactEventToken: new Secret('contactsTok3n'),
  contactEventAesKey: new Secret(contactsKey),
};

function receiver(keys: Partial<WecomSelfBuiltSettings> = both) {
  const settings = Object.assign(new WecomSelfBuiltSettings(), { corpId, ...keys });
  return wecomSelfBuiltEvents(settings, new StandingClock());
}

function request(method: 'GET' | 'POST', content: string, receiveId = corpId): CallbackRequest {
  const encrypted = encrypt(contactsKey, content, receiveId);
  const query = new URLSearchParams({
    msg_signature: getSignature('contactsTok3n', '1767225600', 'n', encrypted),
    timestamp: '1767225600',
    nonce: 'n',
    ...(method === 'GET' && { echostr: encrypted }),
  });
  const body = method === 'GET' ? '' : `<xml><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`;
  return { method, query, body };
}

function xml(fields: string): string {
  return `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><CreateTime>1767225600</CreateTime>${fields}</xml>`;
}

function change(fields: string): string {
  return xml(
    `<FromUserName><![CDATA[sys]]></FromUserName><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_contact]]></Event>${fields}`,
  );
}

async function eventOf(content: string): Promise<PlatformEvent> {
  const read = await receiver()?.read('contacts', request('POST', content));
  if (read?.kind !== 'event') throw new Error('it is no event');
  expect(read.answer).toEqual({ contentType: 'text/plain', body: 'success' });
  return read.event;
}

async function effectsOf(content: string): Promise<unknown> {
  return receiver()?.handle(await eventOf(content));
}

const linLeft = {
  kind: 'person-left',
  issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
  userId: 'LinQiao01',
  subject: 'linqiao01',
};

describe('the callbacks of a corp’s own app', () => {
  it('are there where there are keys', () => {
    expect(receiver({})).toBeUndefined();
    expect(receiver()?.channels).toEqual(['main', 'contacts']);
    const { eventToken, eventAesKey } = both;
    expect(receiver({ eventToken, eventAesKey })?.channels).toEqual(['main']);
  });

  it('answer a test of the URL with its text', async () => {
    expect(await receiver()?.read('contacts', request('GET', '8392017465120938475'))).toEqual({
      kind: 'verification',
      answer: { contentType: 'text/plain', body: '8392017465120938475' },
    });
  });

  it.each<[string, EventChannel, CallbackRequest, string]>([
    [
      'for another corp',
      'contacts',
      request('POST', change(''), 'wwother'),
      'it is for another corp',
    ],
    ['for nobody', 'contacts', request('GET', '1', ''), 'it is for another corp'],
    ['at the other URL', 'main', request('POST', change('')), 'the signature is wrong'],
    [
      'at no URL of ours',
      'data',
      request('POST', change('')),
      'the connection has no keys for this URL',
    ],
    [
      'of no time',
      'contacts',
      request('POST', '<xml><A>1</A></xml>'),
      'its time is missing, or more than a day off',
    ],
    ['that is no XML', 'contacts', request('POST', '{}'), 'the XML is not whole'],
  ])('refuse one %s', async (_what, channel, given, reason) => {
    await expect(receiver()?.read(channel, given)).rejects.toMatchObject({
      code: 'callback_refused',
      operator: { platformMessage: reason },
    });
  });

  it('name whom an event is about, and when it happened', async () => {
    const content = change('<ChangeType>delete_user</ChangeType><UserID>LinQiao01</UserID>');
    expect(await eventOf(content)).toEqual({
      channel: 'contacts',
      content,
      type: 'delete_user',
      sentAt: new Date('2026-01-01T00:00:00Z'),
      subject: 'linqiao01',
    });
  });

  it('put a rename before what happens under the new name', async () => {
    const content = change(
      '<ChangeType>update_user</ChangeType><UserID>LinQiao01</UserID><NewUserID>Lin.Qiao</NewUserID>',
    );
    expect((await eventOf(content)).subject).toBe('lin.qiao');
  });
});

describe('what WeCom tells of a person', () => {
  const user = '<UserID><![CDATA[LinQiao01]]></UserID>';

  it.each([
    ['deleted', change(`<ChangeType>delete_user</ChangeType>${user}`)],
    ['disabled', change(`<ChangeType>update_user</ChangeType>${user}<Status>2</Status>`)],
    ['gone', change(`<ChangeType>update_user</ChangeType>${user}<Status>5</Status>`)],
    [
      'out of the app’s range',
      xml(
        '<FromUserName><![CDATA[LinQiao01]]></FromUserName><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[unsubscribe]]></Event>',
      ),
    ],
  ])('%s: they left', async (_what, content) => {
    expect(await effectsOf(content)).toEqual([linLeft]);
  });

  it('another userid: they are the same', async () => {
    const content = change(
      `<ChangeType>update_user</ChangeType>${user}<NewUserID><![CDATA[Lin.Qiao]]></NewUserID><Department>2,9</Department>`,
    );
    const renamed = {
      kind: 'person-renamed',
      issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
      fromUserId: 'LinQiao01',
      toUserId: 'Lin.Qiao',
      fromSubject: 'linqiao01',
      toSubject: 'lin.qiao',
    };
    expect(await effectsOf(content)).toEqual([renamed]);
    expect(
      await effectsOf(content.replace('<Department>', '<Status>2</Status><Department>')),
    ).toEqual([renamed, { ...linLeft, userId: 'Lin.Qiao', subject: 'lin.qiao' }]);
  });

  it.each([
    ['active', change(`<ChangeType>update_user</ChangeType>${user}<Status>1</Status>`)],
    ['not activated', change(`<ChangeType>update_user</ChangeType>${user}<Status>4</Status>`)],
    ['in another department', change(`<ChangeType>update_user</ChangeType>${user}`)],
    [
      'the same name',
      change(`<ChangeType>update_user</ChangeType>${user}<NewUserID>LinQiao01</NewUserID>`),
    ],
    ['new', change(`<ChangeType>create_user</ChangeType>${user}<Status>2</Status>`)],
    ['without a name', change('<ChangeType>delete_user</ChangeType>')],
    ['of a kind unheard of', change(`<ChangeType>promote_user</ChangeType>${user}`)],
    [
      'in the app’s range',
      xml('<FromUserName>LinQiao01</FromUserName><MsgType>event</MsgType><Event>subscribe</Event>'),
    ],
    [
      'talkative',
      xml(
        '<FromUserName>LinQiao01</FromUserName><MsgType>text</MsgType><Event>unsubscribe</Event>',
      ),
    ],
  ])('%s: nothing follows', async (_what, content) => {
    expect(await effectsOf(content)).toEqual([]);
  });
});
