import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import jsonwebtoken, { type Jwt } from 'jsonwebtoken';
import { Strategy } from 'passport-jwt';

import { type Caller, callerOf } from './caller.js';
import { IssuerKeys } from './issuer-keys.js';
import { Settings } from './settings.js';

const clockToleranceSeconds = 5;

/** A token that is not good; the message is for the log. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** Verifies an access token of Lingpai (RFC 9068). What is not good is told to the guard as passport's `info`. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'access-token') {
  constructor(settings: Settings, keys: IssuerKeys) {
    super({
      jwtFromRequest: bearerToken,
      secretOrKeyProvider: (_request, token: string, done) => {
        publicKeyFor(token, keys).then(
          (key) => done(null, key),
          (error: unknown) => done(error),
        );
      },
      algorithms: settings.algorithms,
      issuer: settings.issuer,
      audience: settings.audience,
      // `complete`: validate() is handed the header too, whose `typ` neither library looks at.
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way to hand these on
      jsonWebTokenOptions: { clockTolerance: clockToleranceSeconds, complete: true },
    });
  }

  /** What no library has checked: the type, and that no claim is missing. */
  validate({ header, payload }: Jwt): Caller | [false, TokenRefused] {
    // Apart from ID tokens, which the same keys sign.
    if (!['at+jwt', 'application/at+jwt'].includes(String(header.typ).toLowerCase()))
      return [false, new TokenRefused('not an access token')];
    const caller = typeof payload === 'object' ? callerOf(payload) : undefined;
    return caller ?? [false, new TokenRefused('a claim is missing')];
  }
}

/** From the one Authorization header: Node would drop a second one from `headers` in silence. */
function bearerToken(request: Request): string | null {
  const given = request.headersDistinct['authorization'] ?? [];
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(given.join())?.[1] ?? null;
}

async function publicKeyFor(token: string, keys: IssuerKeys): Promise<string> {
  const header = jsonwebtoken.decode(token, { complete: true })?.header;
  if (typeof header?.kid !== 'string') throw new TokenRefused('no kid');
  const key = await keys.find(header.kid);
  // A key is good for its own algorithm only.
  if (!key || key.alg !== header.alg) throw new TokenRefused('no such key');
  return key.getPublicKey();
}
