import { Injectable } from '@nestjs/common';
import type { Algorithm } from 'jsonwebtoken';

/** What this API is told by its environment. */
@Injectable()
export class Settings {
  readonly issuer = required('ISSUER');
  /** This API's own name: the `audience` of the clients that call it. */
  readonly audience = required('AUDIENCE');
  /** What we accept is decided here, never by the token. */
  readonly algorithms = algorithms(process.env['ALGORITHMS'] ?? 'RS256');
  readonly jwksUri = process.env['JWKS_URI'] ?? `${this.issuer}/.well-known/jwks.json`;
  /** How soon the keys are fetched again for a `kid` that nobody knows. */
  readonly keysCooldownMs = Number(process.env['KEYS_COOLDOWN_SECONDS'] ?? 30) * 1000;
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function algorithms(list: string): Algorithm[] {
  const known: readonly Algorithm[] = ['RS256', 'ES256'];
  return list.split(',').map((name) => {
    const algorithm = known.find((each) => each === name);
    // jsonwebtoken, on which passport-jwt stands, knows no EdDSA.
    if (!algorithm) throw new Error(`ALGORITHMS may name ${known.join(' and ')} here`);
    return algorithm;
  });
}
