import type { EntityManager } from 'typeorm';

/** What others are told of accounts. */
export const accountEventTypes = [
  'account.created',
  'account.bound',
  'account.unbound',
  'account.left',
  'account.returned',
  'account.disabled',
  'account.deleted',
] as const;
export type AccountEventType = (typeof accountEventTypes)[number];

/** One thing that happened to an account. Holds no phone, no mail address and no name: who is told may read them by the id. */
export interface AccountEvent {
  readonly type: AccountEventType;
  readonly accountId: string;
  /** The identity that was bound or unbound, or whose person left or returned: `{issuer, subject, connection, tenant?}`; more where the type has more to say. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Writes events into the outbox, in the transaction of the change itself: told if and only if it happened. */
export async function recordAccountEvents(
  manager: EntityManager,
  at: Date,
  events: readonly AccountEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await manager.query(
    `insert into account_events (type, account_id, data, at)
     select type, account_id, data, $4 from unnest($1::text[], $2::uuid[], $3::jsonb[]) as event (type, account_id, data)`,
    [
      events.map((event) => event.type),
      events.map((event) => event.accountId),
      events.map((event) => JSON.stringify(event.data ?? {})),
      at,
    ],
  );
}
