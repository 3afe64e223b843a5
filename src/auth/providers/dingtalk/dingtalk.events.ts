import type { Clock } from '../../../common/clock.js';
import type { EventEffect, EventReceiver, PlatformEvent } from '../platform-events.js';
import { asNumber, asObject, asText, type ReplyObject } from '../platform-reply.js';
import { newMarks, openCallback, successAnswer } from './dingtalk.callback.js';
import { callbackRefused } from '../sealed-callback.js';
import type { DingtalkSettings } from './dingtalk.settings.js';

const dayInMs = 24 * 60 * 60 * 1000;
/** Before this, a number of ours would be seconds: some of DingTalk's older times are. */
const firstMs = 100_000_000_000;

/** Sent when the URL is saved (reference dingtalk 6.5). */
const urlChecks: readonly unknown[] = [
  'check_url',
  'check_create_suite_url',
  'check_update_suite_url',
];

/**
 * The event callbacks of an app (reference dingtalk 6), for a connection that has the console's token and aes_key. An event names people by
 * the id inside their corp, never by `unionId`; so a connection without `corpId` is told nothing that it could use.
 */
export function dingtalkEvents(
  settings: DingtalkSettings,
  clock: Clock,
): EventReceiver | undefined {
  const { eventToken, eventAesKey, clientId, corpId } = settings;
  if (!eventToken || !eventAesKey) return undefined;
  const keys = { token: eventToken, aesKey: eventAesKey };
  return {
    channels: ['main'],
    // eslint-disable-next-line @typescript-eslint/require-await -- so that a refusal is a rejection
    async read(channel, request) {
      if (channel !== 'main' || request.method !== 'POST')
        throw callbackRefused('DingTalk sends POST to one URL');
      const { content, ownerKey, timestamp } = openCallback(keys, request);
      // Which of the two depends on how the URL was registered (reference 6.2).
      if (ownerKey !== clientId && ownerKey !== corpId)
        throw callbackRefused('it was made for another app or corp', {
          fix: 'Compare clientId and corpId with the app whose events come to this URL.',
        });
      const now = clock.now();
      const pushedAt = instantOf(timestamp);
      if (!pushedAt || Math.abs(pushedAt.getTime() - now.getTime()) > dayInMs)
        throw callbackRefused('its time is more than a day off', {
          fix: 'Compare the clock of this machine; otherwise somebody repeats an old callback.',
        });
      const answer = successAnswer(keys, ownerKey, newMarks(now));
      const fields = fieldsOf(content);
      if (urlChecks.includes(fields['EventType'])) return { kind: 'verification', answer };
      return { kind: 'event', event: eventOf(content, fields, pushedAt), answer };
    },
    handle: ({ content }) => Promise.resolve(effectsOf(corpId, fieldsOf(content))),
  };
}

function fieldsOf(content: string): ReplyObject {
  try {
    return asObject(JSON.parse(content));
  } catch {
    throw callbackRefused('what is inside is no JSON');
  }
}

function eventOf(content: string, fields: ReplyObject, pushedAt: Date): PlatformEvent {
  const type = asText(fields['EventType']);
  if (type === undefined || !/^\w{1,64}$/.test(type)) throw callbackRefused('it names no event');
  // Samples of different ages spell the time of the event in different ways (reference 6.5).
  const sentAt = instantOf(fields['EventTime'] ?? fields['TimeStamp'] ?? fields['timeStamp']);
  const [first, ...others] = userIdsOf(fields);
  const corp = asText(fields['CorpId']) ?? '';
  return {
    channel: 'main',
    content,
    type,
    sentAt: sentAt ?? pushedAt,
    subject: first === undefined || others.length > 0 ? corp : `${corp}/${first}`,
  };
}

/** A change of the org record (`user_modify_org`), an arrival and an activation mean nothing: ids stay, sign-ins ask the directory. */
function effectsOf(corpId: string | undefined, fields: ReplyObject): readonly EventEffect[] {
  // The same userid in another corp is another person.
  if (corpId === undefined || fields['CorpId'] !== corpId) return [];
  const issuer = `dingtalk:${corpId}`;
  switch (fields['EventType']) {
    case 'user_leave_org':
      return userIdsOf(fields).map((userId) => ({ kind: 'person-left', issuer, userId }));
    // The corp itself was dissolved.
    case 'org_remove':
      return [{ kind: 'tenant-left', issuer }];
    default:
      return [];
  }
}

/** `userId` or, in older samples, `UserId`; a list, or one. */
function userIdsOf(fields: ReplyObject): readonly string[] {
  const given = [fields['userId'] ?? fields['UserId'] ?? []].flat() as unknown[];
  return [...new Set(given.flatMap((each) => asText(each) ?? []))];
}

function instantOf(value: unknown): Date | undefined {
  const time = asNumber(value);
  if (time === undefined || time <= 0 || time > 8.64e15) return undefined;
  return new Date(time < firstMs ? time * 1000 : time);
}
