import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { importJWK, type JWK, SignJWT } from 'jose';
import type { Configuration } from 'openid-client';

import { ClientRegistry } from '../../src/auth/issuer/clients/client.registry.js';
import { SigningKeys } from '../../src/auth/issuer/signing-keys/signing-keys.js';
import { adminApi, apiWith, machineToken } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, scanAs, signInOnWeb } from '../fixtures/sign-in.js';

const robot = { clientId: 'robot', clientSecret: 'robot-Zk3vQ9sN7xW0aTq5-Zk3vQ9sN7xW0' };

let bed: TestBed;
let configuration: Configuration;

beforeAll(async () => {
  bed = await openTestBed();
  configuration = await discoverPortal(bed);
});
afterAll(() => bed.stop());

/** Those of a person who signed in at the portal, for our API. */
async function personTokens() {
  const began = await begin(configuration, { connection: 'dingtalk', resource: bed.issuer });
  const visit = await scanAs(new TestBrowser(), began.url, 'manager0042');
  return redeem(configuration, began, visit.location ?? new URL('x:'));
}

describe('a token', () => {
  const claims = (token: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const status = async (token: string): Promise<number> =>
    (await apiWith(bed, token)('GET', '/accounts')).status;

  it('that is none of ours, or not for this, opens nothing', async () => {
    const good = await machineToken(bed, admin, 'accounts:read');
    expect(await status(good)).toBe(200);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as {
      kid: string;
      alg: string;
    };
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const forged = `${header}.${payload}`;
    const other = sign(
      'sha256',
      Buffer.from(forged),
      createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    );
    // The public key as the secret of an HMAC.
    const { keys } = (await (await fetch(`${bed.issuer}/.well-known/jwks.json`)).json()) as {
      keys: JWK[];
    };
    const jwk = keys.find((key) => key.kid === kid)!;
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const hmac = `${encode({ kid, alg: 'HS256', typ: 'at+jwt' })}.${payload}`;
    for (const token of [
      'nonsense',
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${encode({ kid, alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${forged}.${other.toString('base64url')}`,
      `${header}.${encode({ ...claims(good), scope: 'accounts:read accounts:write' })}.${signature}`,
      `${encode({ kid, alg, typ: 'JWT' })}.${payload}.${signature}`,
      `${hmac}.${createHmac('sha256', publicKey).update(hmac).digest('base64url')}`,
    ]) {
      expect(await status(token)).toBe(401);
    }
  });

  it('that our own key signed is one only as an access token of this issuer, with all its claims', async () => {
    const good = claims(await machineToken(bed, admin, 'accounts:read'));
    const { signing } = bed.replicas[0]!.service.app.get(SigningKeys).current();
    const signed = async (header: object, payload: object) =>
      status(
        await new SignJWT({ ...good, ...payload })
          .setProtectedHeader({ kid: signing.kid, alg: signing.alg, ...header })
          .sign(await importJWK(signing.privateJwk, signing.alg)),
      );
    expect(await signed({ typ: 'at+jwt' }, {})).toBe(200);
    expect(await signed({ typ: 'JWT' }, {})).toBe(401);
    expect(await signed({}, {})).toBe(401);
    expect(await signed({ typ: 'at+jwt' }, { iss: 'https://elsewhere.example' })).toBe(401);
    expect(await signed({ typ: 'at+jwt' }, { aud: 'https://api.example.com' })).toBe(401);
    expect(await signed({ typ: 'at+jwt' }, { client_id: 'nobody' })).toBe(401);
    for (const claim of ['iss', 'aud', 'exp', 'iat', 'sub', 'client_id', 'jti'])
      expect([claim, await signed({ typ: 'at+jwt' }, { [claim]: undefined })]).toEqual([
        claim,
        401,
      ]);
  });

  it('for signing in is none for the API', async () => {
    const { back, began } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const tokens = await redeem(configuration, began, back);
    for (const token of [tokens.id_token, tokens.refresh_token]) {
      const answer = await apiWith(bed, token)('GET', '/me');
      expect(answer.body).toMatchObject({ status: 401, code: 'token_invalid' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await status(token ?? '')).toBe(401);
    }
    expect((await apiWith(bed, tokens.access_token)('GET', '/me')).status).toBe(200);
  });

  it('opens nothing any more when its time is over', async () => {
    const good = await machineToken(bed, admin, 'accounts:read');
    bed.clock.advance(601);
    expect(await status(good)).toBe(401);
    bed.clock.reset();
    expect(await status(good)).toBe(200);
  });

  it('of a client that is disabled opens nothing, nor one of a client that is gone', async () => {
    const api = await adminApi(bed);
    const body = { ...robot, displayName: 'Robot', grantTypes: ['client_credentials'] };
    await api('POST', '/clients', { body: { ...body, scopes: ['accounts:read'] } });
    const token = await machineToken(bed, robot, 'accounts:read');
    expect(await status(token)).toBe(200);
    expect((await api('PATCH', '/clients/robot', { body: { enabled: false } })).status).toBe(200);
    expect(await status(token)).toBe(401);
    expect((await api('PATCH', '/clients/robot', { body: { enabled: true } })).status).toBe(200);
    expect((await api('PATCH', '/clients/robot', { body: { scopes: [] } })).status).toBe(200);
    expect(await status(token)).toBe(403);
    expect((await api('DELETE', '/clients/robot')).status).toBe(204);
    expect(await status(token)).toBe(401);
  });

  it('of a person opens nothing once the application that they signed in to is disabled', async () => {
    const { access_token: token } = await personTokens();
    const api = apiWith(bed, token);
    expect((await api('GET', '/me')).status).toBe(200);
    await bed.query(`update clients set enabled = false where client_id = 'portal'`);
    await bed.replicas[0]!.service.app.get(ClientRegistry).refresh();
    expect((await api('GET', '/me')).body).toMatchObject({ status: 401, code: 'token_invalid' });
    expect((await api('GET', '/me/identities')).status).toBe(401);
  });
});
