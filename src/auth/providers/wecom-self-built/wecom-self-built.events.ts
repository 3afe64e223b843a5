import type { Clock } from '../../../common/clock.js';
import type {
  CallbackRequest,
  EventChannel,
  EventEffect,
  EventReceiver,
  PlatformEvent,
  ReadCallback,
} from '../platform-events.js';
import { openCallback, readXml, sentAtOf } from '../wecom/wecom.callback.js';
import { type CallbackKeys, callbackRefused } from '../sealed-callback.js';
import { subjectOf } from './wecom-self-built.replies.js';
import type { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';

type Fields = Readonly<Record<string, string>>;

/** Disabled, and left (reference wecom-self-built 7). */
const goneStatuses = ['2', '5'];

/**
 * What WeCom pushes to a corp's own app (reference wecom-self-built 9): to the app's URL who entered and left its range, to that of the
 * contact-sync helper who changed in the corp. Which of the two gets a change is disputed, so either is understood at both.
 * @returns `undefined` where the connection has no keys
 */
export function wecomSelfBuiltEvents(
  settings: WecomSelfBuiltSettings,
  clock: Clock,
): EventReceiver | undefined {
  const { corpId } = settings;
  const keys = keysOf(settings);
  if (keys.size === 0) return undefined;

  return {
    channels: [...keys.keys()],
    read: (channel, request) => Promise.resolve().then(() => read(channel, request)),
    handle: ({ content }) => Promise.resolve(effectsOf(`wecom:${corpId}`, readXml(content))),
  };

  function read(channel: EventChannel, request: CallbackRequest): ReadCallback {
    const pair = keys.get(channel);
    if (!pair) throw callbackRefused('the connection has no keys for this URL');
    const { content, receiveId } = openCallback(pair, request);
    if (receiveId !== corpId)
      throw callbackRefused('it is for another corp', { fix: 'Compare corpId with the console.' });
    if (request.method === 'GET')
      return { kind: 'verification', answer: { contentType: 'text/plain', body: content } };
    return {
      kind: 'event',
      event: eventOf(channel, content, clock),
      answer: { contentType: 'text/plain', body: 'success' },
    };
  }
}

function keysOf(settings: WecomSelfBuiltSettings): ReadonlyMap<EventChannel, CallbackKeys> {
  const { eventToken, eventAesKey, contactEventToken, contactEventAesKey } = settings;
  const keys = new Map<EventChannel, CallbackKeys>();
  if (eventToken && eventAesKey) keys.set('main', { token: eventToken, aesKey: eventAesKey });
  if (contactEventToken && contactEventAesKey)
    keys.set('contacts', { token: contactEventToken, aesKey: contactEventAesKey });
  return keys;
}

function eventOf(channel: EventChannel, content: string, clock: Clock): PlatformEvent {
  const fields = readXml(content);
  const sentAt = sentAtOf(fields['CreateTime'] ?? '', clock.now());
  const type = fields['ChangeType'] ?? fields['Event'] ?? fields['MsgType'] ?? '';
  // A rename comes before what happens under the new name: a leaver must not come back by it.
  const subject = subjectOf(
    fields['NewUserID'] ?? fields['UserID'] ?? fields['FromUserName'] ?? '',
  );
  return { channel, content, type: type || 'unknown', sentAt, subject };
}

function effectsOf(issuer: string, fields: Fields): readonly EventEffect[] {
  if (fields['MsgType'] !== 'event') return [];
  const event = fields['Event'];
  // Out of the app's range, out of the corp, or disabled; `subscribe` is the way back, which a sign-in tells as well.
  if (event === 'unsubscribe') return left(issuer, fields['FromUserName']);
  if (event !== 'change_contact') return [];
  switch (fields['ChangeType']) {
    case 'delete_user':
      return left(issuer, fields['UserID']);
    case 'update_user':
      return [...renamed(issuer, fields), ...disabled(issuer, fields)];
    default:
      return [];
  }
}

function disabled(issuer: string, fields: Fields): readonly EventEffect[] {
  return goneStatuses.includes(fields['Status'] ?? '')
    ? left(issuer, fields['NewUserID'] ?? fields['UserID'])
    : [];
}

function left(issuer: string, userId: string | undefined): readonly EventEffect[] {
  if (!userId) return [];
  return [{ kind: 'person-left', issuer, userId, subject: subjectOf(userId) }];
}

function renamed(issuer: string, fields: Fields): readonly EventEffect[] {
  const { UserID: fromUserId, NewUserID: toUserId } = fields;
  if (!fromUserId || !toUserId || fromUserId === toUserId) return [];
  return [
    {
      kind: 'person-renamed',
      issuer,
      fromUserId,
      toUserId,
      fromSubject: subjectOf(fromUserId),
      toSubject: subjectOf(toUserId),
    },
  ];
}
