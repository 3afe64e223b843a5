import type { EntityManager } from 'typeorm';

/** A person of one corp, as an event names them. */
export interface NamedPerson {
  readonly issuer: string;
  readonly userId?: string | undefined;
  readonly subject?: string | undefined;
}

/**
 * Ends what waits for a person whom the platform has proven before the event and who has no account by it yet: a first sign-in that asks for
 * more, a binding link that asks for a click, a request for an account. Each of them would bind the identity later, in spite of the event.
 * @param before what was begun later stays
 * @param decision when, and by whom the request is turned down, as audit events name actors
 */
export async function endProofsOfPerson(
  manager: EntityManager,
  { issuer, userId, subject }: NamedPerson,
  before: Date,
  decision: { readonly at: Date; readonly by: string },
): Promise<void> {
  const person = [issuer, userId ?? null, subject ?? null, before];
  await manager.query(
    `delete from sign_in_steps where ${isPerson('identity')} and created_at <= $4`,
    person,
  );
  await manager.query(
    `delete from binding_tickets where ${isPerson(`identity->'identity'`)} and created_at <= $4`,
    person,
  );
  await manager.query(
    `update account_requests set status = 'rejected', decided_at = $5, decided_by = $6
      where status = 'pending' and issuer = $1 and ${isPerson('identity')} and created_at <= $4`,
    [...person, decision.at, decision.by],
  );
}

/** The same for everybody of a corp; requests stay, since an administrator may grant one when the app is back. */
export async function endProofsOfTenant(
  manager: EntityManager,
  issuer: string,
  before: Date,
): Promise<void> {
  await manager.query(
    `delete from sign_in_steps where identity->>'issuer' = $1 and created_at <= $2`,
    [issuer, before],
  );
  await manager.query(
    `delete from binding_tickets where identity->'identity'->>'issuer' = $1 and created_at <= $2`,
    [issuer, before],
  );
}

function isPerson(column: string): string {
  return `${column}->>'issuer' = $1 and (${column}->>'userId' = $2::text or ${column}->>'subject' = $3::text)`;
}
