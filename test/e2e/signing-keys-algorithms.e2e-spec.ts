import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';

import { SigningKeys } from '../../src/auth/issuer/signing-keys/signing-keys.js';
import { apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, portal, type Replica, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

const algOf = (token: string | undefined): string => decodeProtectedHeader(token ?? '').alg ?? '';
const keysOf = ({ service }: Replica): SigningKeys => service.app.get(SigningKeys);

/** A person's tokens, as a real client library takes them: it verifies the ID token. */
async function signIn(bed: TestBed) {
  const configuration = await discoverPortal(bed);
  const { began, back, browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
  const tokens = await redeem(configuration, began, back);
  return { configuration, browser, tokens };
}

/** As an API does that knows nothing of us but the issuer. */
async function verifiedElsewhere(bed: TestBed, token: string): Promise<string> {
  const keys = createRemoteJWKSet(new URL(`${bed.issuer}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(token, keys, { issuer: bed.issuer });
  return (payload['client_id'] ?? payload.aud) as string;
}

async function supportedAlgs(bed: TestBed): Promise<unknown> {
  const answer = await fetch(`${bed.issuer}/.well-known/openid-configuration`);
  return ((await answer.json()) as Record<string, unknown>)[
    'id_token_signing_alg_values_supported'
  ];
}

describe.each(['RS256', 'ES256', 'EdDSA'])('tokens signed with %s', (alg) => {
  let bed: TestBed;
  beforeAll(async () => {
    bed = await openTestBed({ env: { SIGNING_ALG: alg } });
  });
  afterAll(() => bed.stop());

  it('are read by openid-client, by jose and by ourselves', async () => {
    const { configuration, tokens } = await signIn(bed);
    expect([algOf(tokens.id_token), algOf(tokens.access_token)]).toEqual([alg, alg]);
    expect(tokens.claims()).toMatchObject({ aud: 'portal' });
    expect(await supportedAlgs(bed)).toEqual([alg]);
    expect(await verifiedElsewhere(bed, tokens.access_token)).toBe('portal');
    expect(await verifiedElsewhere(bed, tokens.id_token ?? '')).toBe('portal');
    expect(await client.tokenIntrospection(configuration, tokens.access_token)).toMatchObject({
      active: true,
    });
    const { sub = '' } = tokens.claims() ?? {};
    expect(await client.fetchUserInfo(configuration, tokens.access_token, sub)).toMatchObject({
      sub,
    });
    const own = await machineToken(bed, admin);
    expect(algOf(own)).toBe(alg);
    expect((await apiWith(bed, own)('GET', '/signing-keys')).body).toMatchObject({
      items: [{ alg, state: 'signing' }],
    });
  });
});

describe('another algorithm, one replica after the other', () => {
  let bed: TestBed;
  let older: Replica;
  let newer: Replica;
  let before: Awaited<ReturnType<typeof signIn>>;

  beforeAll(async () => {
    bed = await openTestBed();
    older = bed.replicas[0]!;
    before = await signIn(bed);
  });
  afterAll(() => bed.stop());

  const algs = (replica: Replica): string[] =>
    keysOf(replica)
      .list()
      .map(({ alg, state }) => `${alg} ${state}`);

  it('makes exactly one key, and no replica that is yet to be restarted takes it back', async () => {
    newer = await bed.addReplica({ env: { SIGNING_ALG: 'ES256' } });
    expect(algs(newer)).toEqual(['RS256 signing', 'ES256 next']);
    const another = await bed.addReplica({ env: { SIGNING_ALG: 'ES256' } });
    const again = await bed.addReplica({ env: { SIGNING_ALG: 'RS256' } });
    await Promise.all(bed.replicas.map((replica) => keysOf(replica).refresh()));
    for (const replica of [older, newer, another, again])
      expect(algs(replica)).toEqual(['RS256 signing', 'ES256 next']);
    expect(await supportedAlgs(bed)).toEqual(['RS256', 'ES256']);
    expect(algOf((await signIn(bed)).tokens.id_token)).toBe('RS256');
  });

  it('signs at every replica once its turn has come, and what is older stays good', async () => {
    bed.clock.advance(361);
    for (const { url } of bed.replicas)
      expect(algOf(await machineToken({ ...bed, issuer: url }, admin))).toBe('ES256');
    const after = await signIn(bed);
    expect([algOf(after.tokens.id_token), algOf(after.tokens.access_token)]).toEqual([
      'ES256',
      'ES256',
    ]);
    expect(await supportedAlgs(bed)).toEqual(['ES256', 'RS256']);
    for (const { configuration, tokens } of [before, after]) {
      for (const token of [tokens.access_token, tokens.id_token ?? ''])
        expect(await verifiedElsewhere(bed, token)).toBe('portal');
      expect(await client.tokenIntrospection(configuration, tokens.access_token)).toMatchObject({
        active: true,
      });
    }
  });

  it('takes an older ID token as the hint that it is', async () => {
    const { configuration, tokens, browser } = before;
    const { url } = await begin(configuration, {
      prompt: 'none',
      id_token_hint: tokens.id_token ?? '',
    });
    const silent = await browser.get(url);
    expect(silent.location?.searchParams.get('code')).toBeTruthy();
    const signOut = client.buildEndSessionUrl(configuration, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: portal.postLogoutRedirectUri,
    });
    expect((await browser.get(signOut)).location?.href).toBe('http://localhost:9/');
  });

  it('asks whoever signs out with a hint whose key is gone, and refuses one that was changed', async () => {
    const { configuration, tokens, browser } = await signIn(bed);
    const [header = '', payload = '', signature = ''] = (tokens.id_token ?? '').split('.');
    const changed = `${header}.${payload}.${signature.split('').reverse().join('')}`;
    const hinted = (hint: string) =>
      client.buildEndSessionUrl(configuration, {
        id_token_hint: hint,
        post_logout_redirect_uri: portal.postLogoutRedirectUri,
      });
    expect((await browser.get(hinted(changed))).status).toBe(400);
    await keysOf(older).revoke(decodeProtectedHeader(tokens.id_token ?? '').kid ?? '');
    const asked = await browser.get(hinted(tokens.id_token ?? ''));
    expect([asked.status, asked.location]).toEqual([200, undefined]);
    const xsrf = /name="xsrf" value="([^"]*)"/.exec(asked.text)?.[1] ?? '';
    const left = await browser.post(`${bed.issuer}/logout/confirm`, { xsrf, logout: 'yes' });
    expect(left.location?.href).toBe('http://localhost:9/');
    const { url } = await begin(configuration, {
      prompt: 'none',
      id_token_hint: tokens.id_token ?? '',
    });
    expect((await browser.get(url)).location?.searchParams.get('error')).toBe('invalid_request');
  });

  it('is taken back once no replica asks for it any more, and not before', async () => {
    await keysOf(older).refresh();
    const now = algs(older);
    expect(now.at(-1)).toBe('ES256 signing');
    for (const replica of bed.replicas) await keysOf(replica).refresh();
    expect(algs(older)).toEqual(now);
    await bed.query(
      `update signing_algs set wanted_at = wanted_at - interval '11 minutes' where alg = 'ES256'`,
    );
    await keysOf(older).refresh();
    expect(algs(older)).toEqual([...now, 'RS256 next']);
    await keysOf(newer).refresh();
    expect(algs(newer)).toEqual([...now, 'RS256 next']);
  });
});
