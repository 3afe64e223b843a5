import type { AppError } from '../common/app-error.js';

/** A live token, for somebody else's use. */
export interface PlatformToken {
  readonly value: string;
  readonly expiresAt: Date;
}

/** How it stands with a token, for people: never the token itself. */
export interface TokenState {
  /** When the live token was fetched, and until when the platform takes it; absent: there is none. */
  readonly live?: { readonly fetchedAt: Date; readonly expiresAt: Date };
  /** What the platform, or the way to it, said when a token was last asked for in vain. */
  readonly lastError?: TokenError;
}

export interface TokenError {
  readonly at: Date;
  readonly error: AppError;
  /** Until then the platform is not asked again. */
  readonly restsUntil: Date;
}
