import { createHmac, createPublicKey } from 'node:crypto';

import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

import { SigningKeys } from '../../src/auth/issuer/signing-keys/signing-keys.js';
import type { TestBed } from '../fixtures/service.js';

export const audience = 'https://api.example.com';

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A key pair beside the service's own. */
export interface ForeignKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: Parameters<SignJWT['sign']>[0];
  readonly publicJwk: JWK;
}

export async function foreignKey(alg: string, kid: string): Promise<ForeignKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { alg, kid, privateKey, publicJwk };
}

/** Makes tokens with the service's own signing key, right but for what is asked for. */
export class Forger {
  constructor(private readonly bed: TestBed) {}

  private get key() {
    return this.bed.replicas[0]!.service.app.get(SigningKeys).current().signing;
  }

  /** `undefined` takes a claim or a part of the header away. */
  async token(
    claims: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
    foreign?: ForeignKey,
  ): Promise<string> {
    const { kid, alg, privateJwk } = this.key;
    const key = foreign?.privateKey ?? (await importJWK(privateJwk, alg));
    return new SignJWT({ ...this.claims(), ...claims })
      .setProtectedHeader({ alg: foreign?.alg ?? alg, kid, typ: 'at+jwt', ...header })
      .sign(key);
  }

  /** What every verifier must refuse with 401. @param other a key that is published too, of another algorithm */
  async badTokens(other: ForeignKey): Promise<Readonly<Record<string, string>>> {
    const { kid, alg, publicJwk } = this.key;
    const now = Math.floor(Date.now() / 1000);
    const good = await this.token();
    const [header = '', payload = '', signature = ''] = good.split('.');
    const unsigned = (fields: object): string => `${encode(fields)}.${payload}.`;
    const hmac = `${encode({ alg: 'HS256', kid, typ: 'at+jwt' })}.${payload}`;
    const pem = createPublicKey({ key: publicJwk, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const signedWithHmac = (secret: string | Buffer): string =>
      `${hmac}.${createHmac('sha256', secret).update(hmac).digest('base64url')}`;
    const stranger = await foreignKey(alg, kid);
    return {
      expired: await this.token({ exp: now - 60 }),
      'not yet valid': await this.token({ nbf: now + 60 }),
      'for another API': await this.token({ aud: 'https://other.example.com' }),
      'for a part of the name': await this.token({ aud: 'https://api.example' }),
      'for several other APIs': await this.token({ aud: [this.bed.issuer, 'portal'] }),
      'for nobody': await this.token({ aud: undefined }),
      'of another issuer': await this.token({ iss: 'https://other.example.com' }),
      'of nearly this issuer': await this.token({ iss: `${this.bed.issuer}/` }),
      'of no issuer': await this.token({ iss: undefined }),
      'that is an ID token by its type': await this.token({}, { typ: 'JWT' }),
      'without a type': await this.token({}, { typ: undefined }),
      'of another type': await this.token({}, { typ: 'logout+jwt' }),
      'without exp': await this.token({ exp: undefined }),
      'without iat': await this.token({ iat: undefined }),
      'without sub': await this.token({ sub: undefined }),
      'without client_id': await this.token({ client_id: undefined }),
      'without a signature': `${header}.${payload}.`,
      'with alg none': unsigned({ alg: 'none', typ: 'at+jwt' }),
      'with alg none and a kid': unsigned({ alg: 'none', kid, typ: 'at+jwt' }),
      'with alg None': unsigned({ alg: 'None', kid, typ: 'at+jwt' }),
      'with the public key as an HMAC secret': signedWithHmac(pem),
      'with the public key’s JWK as an HMAC secret': signedWithHmac(JSON.stringify(publicJwk)),
      'of a kid that nobody knows': await this.token({}, { kid: 'made-up' }),
      'of another algorithm’s kid': await this.token({}, { kid: other.kid }),
      'of an algorithm that is not asked for': await this.token({}, { kid: other.kid }, other),
      'of another key of the same kid': await this.token({}, {}, stranger),
      'with another payload': `${header}.${encode({ ...this.claims(), roles: ['staff'] })}.${signature}`,
      'with another header': `${encode({ alg, kid, typ: 'at+jwt', x: 1 })}.${payload}.${signature}`,
      'with a shorter signature': good.slice(0, -8),
      garbage: 'garbage',
      'garbage in three parts': 'gar.ba.ge',
      'a header that is a list': `${encode([])}.${payload}.${signature}`,
      'a payload that is no JSON': `${header}.${Buffer.from('nothing').toString('base64url')}.${signature}`,
    };
  }

  private claims(): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.bed.issuer,
      aud: audience,
      sub: 'account-1',
      client_id: 'portal',
      iat: now,
      exp: now + 600,
    };
  }
}
