import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, type JWTPayload } from 'jose';
import type { Configuration } from 'openid-client';

import { adminApi, type Api } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, scanAs } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: Configuration;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ clients }) => {
      const scopes = ['openid', 'profile', 'offline_access'];
      const grantTypes = ['authorization_code', 'refresh_token'];
      clients[1] = { ...clients[1], scopes, grantTypes };
      for (const clientId of ['desk', 'till']) {
        const redirectUris = [`http://localhost:9/${clientId}`];
        clients.push({ ...clients[1], clientId, redirectUris, connections: ['wecom-hq'] });
      }
    },
  });
  configuration = await discoverPortal(bed);
  api = await adminApi(bed);
});
beforeEach(async () => {
  await bed.query('delete from oidc_entries');
  await bed.query('delete from accounts');
});
afterAll(() => bed.stop());

type ClientId = 'spa' | 'desk' | 'till';

async function ask(clientId: ClientId, parameters: Record<string, string> = {}) {
  const began = await begin(configuration, { scope: 'openid offline_access', ...parameters });
  began.url.searchParams.set('client_id', clientId);
  began.url.searchParams.set('redirect_uri', `http://localhost:9/${clientId}`);
  return began;
}

/** What a client gets without a word from the person: an error, or by which connection they came in. */
async function silently(
  browser: TestBrowser,
  clientId: ClientId,
  parameters: Record<string, string> = {},
): Promise<string> {
  const { error, claims } = await askSilently(browser, clientId, parameters);
  return error ?? String(claims['connection']);
}

async function askSilently(
  browser: TestBrowser,
  clientId: ClientId,
  parameters: Record<string, string>,
): Promise<{ error: string | null; claims: JWTPayload }> {
  const { url, verifier } = await ask(clientId, { prompt: 'none', ...parameters });
  const query = (await browser.follow(url, atPortal)).location?.searchParams;
  if (query?.has('error')) return { error: query.get('error'), claims: {} };
  const answer = await fetch(`${bed.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      redirect_uri: `http://localhost:9/${clientId}`,
      code: query?.get('code') ?? '',
      code_verifier: verifier,
    }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return { error: null, claims: decodeJwt(token) };
}

/** Somebody whom DingTalk and WeCom lead to one account, and who has signed in at both clients. */
async function atBoth(): Promise<{ browser: TestBrowser; account: string; dingtalk: string }> {
  const browser = new TestBrowser();
  await scanAs(browser, (await ask('spa')).url, 'manager0042');
  const [known] = await bed.query<{ id: string; account: string }>(
    `select id, account_id as account from identities`,
  );
  await bed.query(
    `insert into identities (account_id, issuer, subject, connection, tenant, user_id)
     values ($1, 'wecom:ww1a2b3c4d5e6f7a8b', 'lin.qiao', 'wecom-hq', 'ww1a2b3c4d5e6f7a8b', 'lin.qiao')`,
    [known?.account],
  );
  expect(await silently(browser, 'desk')).toBe('login_required');
  const end = await scanAs(browser, (await ask('desk')).url, 'Lin.Qiao');
  expect(end.location?.searchParams.get('code')).toMatch(/./);
  return { browser, account: known?.account ?? '', dingtalk: known?.id ?? '' };
}

describe('two clients that list different connections, in one browser', () => {
  it('keep their sign-ins both, and each is told its own', async () => {
    const { browser } = await atBoth();
    for (let times = 0; times < 2; times += 1) {
      expect(await silently(browser, 'spa')).toBe('dingtalk');
      expect(await silently(browser, 'desk')).toBe('wecom-hq');
    }
  });

  it('lose that of an identity that is taken off, and no other', async () => {
    const { browser, account, dingtalk } = await atBoth();
    const gone = await api('DELETE', `/accounts/${account}/identities/${dingtalk}`);
    expect(gone.status).toBe(204);
    expect(await silently(browser, 'spa')).toBe('login_required');
    expect(await silently(browser, 'desk')).toBe('wecom-hq');
  });

  it('do not take the other’s sign-in for a recent one', async () => {
    const { browser } = await atBoth();
    expect(await silently(browser, 'desk', { max_age: '60' })).toBe('wecom-hq');
    expect(await silently(browser, 'spa', { max_age: '60' })).toBe('login_required');
    expect(await silently(browser, 'spa')).toBe('dingtalk');
  });

  it('are told of the recent sign-in, made at a third, where they ask for a recent one', async () => {
    const { browser } = await atBoth();
    const { claims: before } = await askSilently(browser, 'desk', {});
    bed.clock.advance(400);
    const anew = await ask('till', { prompt: 'login' });
    const end = await scanAs(browser, anew.url, 'Lin.Qiao');
    bed.clock.advance(-400);
    expect(end.location?.searchParams.get('code')).toMatch(/./);

    const { claims } = await askSilently(browser, 'desk', { max_age: '60' });
    expect(Number(claims['auth_time']) - Number(before['auth_time'])).toBeGreaterThanOrEqual(400);
  });

  it('lose both with the session', async () => {
    const { browser, account } = await atBoth();
    expect((await api('DELETE', `/accounts/${account}/sessions`)).status).toBe(204);
    expect(await silently(browser, 'spa')).toBe('login_required');
    expect(await silently(browser, 'desk')).toBe('login_required');
  });
});
