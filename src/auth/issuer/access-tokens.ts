import { Injectable } from '@nestjs/common';
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors as joseErrors,
  type JWTPayload,
  jwtVerify,
} from 'jose';

import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { Config } from '../../config/config.js';
import type { KeySet } from './signing-keys/key-schedule.js';
import { SigningKeys } from './signing-keys/signing-keys.js';

/** A verified access token of ours (RFC 9068). */
export interface AccessTokenClaims extends JWTPayload {
  readonly sub: string;
  readonly client_id: string;
  readonly jti: string;
  readonly aud: string;
  readonly exp: number;
  readonly iat: number;
  readonly scope?: string;
  readonly roles?: readonly string[];
  readonly connection?: string;
  readonly tenant?: string;
  /** When the person signed in, in seconds (RFC 9068, 2.2.1). */
  readonly auth_time?: number;
}

/** A token's id leads with its grant, so that introspection can tell whether that grant still stands. */
export function accessTokenId(grantId: string | undefined, randomId: string): string {
  return grantId ? `${grantId}.${randomId}` : randomId;
}

export function grantIdOf(claims: Pick<AccessTokenClaims, 'jti'>): string | undefined {
  const [grantId, randomId] = claims.jti.split('.');
  return randomId === undefined ? undefined : grantId;
}

/**
 * The scopes that a token still stands for.
 * @param allowed what its client may ask for today: a scope that was taken from it is gone at once
 */
export function scopesOf(
  { scope = '' }: Pick<AccessTokenClaims, 'scope'>,
  allowed: readonly string[],
): ReadonlySet<string> {
  return new Set(scope.split(' ').filter((each) => allowed.includes(each)));
}

/** Verifies our own access tokens with our own keys: signature, type, issuer, lifetime. */
@Injectable()
export class AccessTokens {
  #cached: { set: KeySet; keys: ReturnType<typeof createLocalJWKSet> } | undefined;

  constructor(
    private readonly signingKeys: SigningKeys,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Whoever has an API of their own in mind looks at `aud`.
   * @throws AppError `token_invalid`
   */
  async verify(token: string): Promise<AccessTokenClaims> {
    try {
      return await this.#verified(token);
    } catch (error) {
      if (error instanceof joseErrors.JOSEError) {
        throw new AppError(
          'token_invalid',
          'The access token is not valid, or not valid any more.',
          { cause: error },
        );
      }
      throw error;
    }
  }

  async #verified(token: string): Promise<AccessTokenClaims> {
    const rules = {
      issuer: this.config.issuerUrl,
      typ: 'at+jwt',
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      requiredClaims: ['sub', 'client_id', 'jti', 'aud', 'exp', 'iat'],
      currentDate: this.clock.now(),
    };
    try {
      return (await jwtVerify<AccessTokenClaims>(token, this.#keys(), rules)).payload;
    } catch (error) {
      if (!(error instanceof joseErrors.JWKSNoMatchingKey)) throw error;
      // Where a key was revoked, the next one signs at once: it may be known to another replica only, for some seconds.
      await this.signingKeys.refreshSoon(decodeProtectedHeader(token).kid);
      return (await jwtVerify<AccessTokenClaims>(token, this.#keys(), rules)).payload;
    }
  }

  #keys(): ReturnType<typeof createLocalJWKSet> {
    const set = this.signingKeys.current();
    if (this.#cached?.set !== set) {
      this.#cached = {
        set,
        keys: createLocalJWKSet({ keys: set.published.map((key) => key.publicJwk) }),
      };
    }
    return this.#cached.keys;
  }
}
