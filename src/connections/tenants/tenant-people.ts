import type { EntityManager } from 'typeorm';

/** A corp, and how the identities of its people are called. */
export interface LeavingTenant {
  readonly connection: string;
  readonly corpId: string;
  readonly issuer: string;
}

/** Somebody of a corp: an identity, or a request for an account that waits. */
export interface TenantMember {
  readonly connection: string;
  readonly subject: string;
  readonly userId: string | null;
}

/** Under which names a corp's people go on after its ids have changed. */
export interface PeopleMove {
  /** Of the administrator's call. */
  readonly connection: string;
  readonly fromIssuer: string;
  readonly toIssuer: string;
  /** The corp's id after the change. */
  readonly tenant: string;
  /** People's ids after the change, by the user ids before it. */
  readonly ids: ReadonlyMap<string, string>;
  /** Whether a subject is the platform's own for good, and so the same after the change. */
  readonly keepsSubject: (subject: string) => boolean;
}

/** The people of a corp, as far as connections have to do with them; made by the room that knows accounts. */
export abstract class TenantPeople {
  /** Ends every session, refresh token and sign-in under way of the corp's people. Does no harm when it is done twice. */
  abstract signOut(tenant: LeavingTenant): Promise<void>;

  /** Everybody of the corp who has not left it. */
  abstract members(issuer: string): Promise<readonly TenantMember[]>;

  /**
   * Gives the corp's identities their new names; who cannot have one stays, and is audited.
   * @param alongside what happens in the same transaction, told how many were renamed; begun anew when the transaction is; false where
   * another call has done it all: then nothing is audited
   */
  abstract rename(
    move: PeopleMove,
    alongside: (manager: EntityManager, people: number) => Promise<boolean>,
  ): Promise<void>;
}
