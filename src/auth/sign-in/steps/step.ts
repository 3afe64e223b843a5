import type { PlatformIdentity } from '../../providers/provider.js';

/** Where a person stands who has been asked for more. */
export type Stage =
  /** What is to become of an unknown identity. */
  | 'choice'
  /** How to prove the account that one has. */
  | 'other-ways'
  | 'phone'
  | 'code'
  | 'password'
  | 'new-password'
  /** Both sides are named; a click binds them. */
  | 'confirm'
  /** The number, or the account, belongs to somebody else here. */
  | 'conflict'
  | 'request-sent';

/**
 * A sign-in that waits for its person: what a platform has proven stays here, on the server, and the browser holds a handle that is
 * good in that browser only (SECURITY 3 and 12).
 */
export interface Step {
  readonly id: string;
  /** `sign-up`: an identity that a platform has proven; `local`: the account's own phone. */
  readonly kind: 'sign-up' | 'local';
  readonly stage: Stage;
  readonly interactionUid: string;
  /** The attempt that it goes on from. */
  readonly stateHash: string | undefined;
  /** The connection's slug. */
  readonly connection: string;
  /** Present for `sign-up`. */
  readonly identity: PlatformIdentity | undefined;
  readonly directoryRead: boolean;
  /** E.164: the number under proof, or proven. */
  readonly phone: string | undefined;
  readonly phoneProven: boolean;
  /** An account that has been proven in this step: to be joined, or to get a new password. */
  readonly accountId: string | undefined;
  readonly createdAt: Date;
  readonly ended: boolean;
}

/** The part of a step that changes on the way. */
export interface StepChange {
  readonly stage: Stage;
  readonly phone?: string | null;
  readonly phoneProven?: boolean;
  readonly accountId?: string;
}
