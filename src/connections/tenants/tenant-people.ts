import type { EntityManager } from 'typeorm';

/** The people of a corp, as far as connections have to do with them; made by the room that knows accounts. */
export abstract class TenantPeople {
  /**
   * Ends every session and refresh token of the corp's people, in the transaction of the change that asks for it.
   * @param issuer of their identities
   */
  abstract signOut(manager: EntityManager, issuer: string): Promise<void>;
}
