import type { EntityManager } from 'typeorm';

import { type IdChange, namesAfter } from './ids-after-migration.js';

interface Waiting {
  readonly id: string;
  readonly subject: string;
  readonly userId: string | null;
}

/**
 * Requests for an account that wait: when one is granted, the account gets the identity under which the person comes then. One that cannot
 * have a new name stays as it is.
 */
export async function renameRequests(manager: EntityManager, change: IdChange): Promise<void> {
  const { fromIssuer, toIssuer, tenant } = change;
  const waiting = await manager.query<Waiting[]>(
    `select id, subject, identity->>'userId' as "userId" from account_requests
      where issuer = $1 and status = 'pending' order by created_at, id for update`,
    [fromIssuer],
  );
  const { named } = namesAfter(waiting, change);
  await manager.query(
    `update account_requests r
        set issuer = $1, subject = n.subject,
            identity = r.identity
              || jsonb_build_object('issuer', $1::text, 'tenant', $2::text, 'subject', n.subject, 'userId', n.user_id)
       from unnest($3::uuid[], $4::text[], $5::text[]) as n (id, subject, user_id)
      where r.id = n.id
        and not exists (select 1 from account_requests o
                         where o.issuer = $1 and o.subject = n.subject and o.status = 'pending')`,
    [
      toIssuer,
      tenant,
      named.map(({ person }) => person.id),
      named.map(({ name }) => name.subject),
      named.map(({ name }) => name.userId),
    ],
  );
}
