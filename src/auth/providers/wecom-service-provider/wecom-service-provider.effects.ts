import type { EventEffect } from '../platform-events.js';

type Fields = Readonly<Record<string, string>>;

/** Disabled, and left; a delegated app may be told (reference wecom-service-provider 9.2, wecom-self-built 7). */
const goneStatuses = ['2', '5'];

/**
 * What a change of a corp's contacts means for its people: a third-party app gets it as a command, a delegated one as an event of its own
 * (reference wecom-service-provider 7.4, 7.5). Leaving the app's visible range is told to either as `unsubscribe`.
 */
export function memberEffects(
  issuer: string,
  appType: 'third-party' | 'delegated',
  fields: Fields,
): readonly EventEffect[] {
  const { UserID: userId, NewUserID: newUserId, OpenUserID: openUserId } = fields;
  switch (fields['ChangeType']) {
    case 'delete_user':
      return left(issuer, userId, openUserId);
    case 'update_user':
      return [
        ...renamed(issuer, appType, fields),
        ...(goneStatuses.includes(fields['Status'] ?? '')
          ? left(issuer, newUserId || userId, openUserId)
          : []),
      ];
    default:
      return [];
  }
}

/** Out of the app's range, out of the corp, or disabled. */
export function unsubscribed(issuer: string, fields: Fields): readonly EventEffect[] {
  return left(issuer, fields['FromUserName'], undefined);
}

function left(
  issuer: string,
  userId: string | undefined,
  openUserId: string | undefined,
): readonly EventEffect[] {
  if (!userId && !openUserId) return [];
  return [
    {
      kind: 'person-left',
      issuer,
      ...(userId && { userId }),
      subject: openUserId || (userId ?? ''),
    },
  ];
}

/**
 * The subject is renamed where it is the userid: in a delegated app always, in a third-party app where both ids are one. `OpenUserID`
 * is missing now and then; the subject is then taken to be one, which stays.
 */
function renamed(
  issuer: string,
  appType: 'third-party' | 'delegated',
  { UserID: fromUserId, NewUserID: toUserId, OpenUserID: openUserId }: Fields,
): readonly EventEffect[] {
  if (!fromUserId || !toUserId || fromUserId === toUserId) return [];
  const isSubject = appType === 'delegated' || openUserId === fromUserId;
  return [
    {
      kind: 'person-renamed',
      issuer,
      fromUserId,
      toUserId,
      ...(isSubject && { fromSubject: fromUserId, toSubject: toUserId }),
    },
  ];
}
