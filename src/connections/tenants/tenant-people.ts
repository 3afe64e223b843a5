/** A corp, and how the identities of its people are called. */
export interface LeavingTenant {
  readonly connection: string;
  readonly corpId: string;
  readonly issuer: string;
}

/** The people of a corp, as far as connections have to do with them; made by the room that knows accounts. */
export abstract class TenantPeople {
  /** Ends every session, refresh token and sign-in under way of the corp's people. Does no harm when it is done twice. */
  abstract signOut(tenant: LeavingTenant): Promise<void>;
}
