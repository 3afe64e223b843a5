import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import { linkWith, TestBrowser } from '../fixtures/browser.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    provision: (file) => {
      file.clients.push({
        clientId: 'app',
        displayName: 'App',
        redirectUris: ['com.example.app:/callback'],
        initiateLoginUri: 'https://app.example.com/login',
        applicationType: 'native',
      });
      file.clients.push({
        clientId: 'machine',
        displayName: 'Machine',
        clientSecret: 'machine-Zk3vQ9sN7xW0aTq5',
        grantTypes: ['client_credentials'],
        scopes: ['openid'],
      });
    },
  });
  configuration = await discoverPortal(bed);
});

afterAll(() => bed.stop());

describe('the audit', () => {
  it('goes on after a callback that names something that cannot be stored', async () => {
    await new TestBrowser().get(`${bed.issuer}/callback/%00`);
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'user0077');
    await redeem(configuration, began, back);
    await sleep(600);
    expect(
      await bed.query(`select 1 from audit_events where action = 'sign_in' and outcome = 'ok'`),
    ).toHaveLength(1);
  });
});

describe('a session that changes in another tab', () => {
  it('gives way to the person who signs in last', async () => {
    const browser = new TestBrowser();
    const first = await begin(configuration, { connection: 'dingtalk' });
    const page = await browser.follow(first.url);
    await signInOnWeb(configuration, 'dingtalk', 'user0077', browser);
    const visit = await browser.follow(linkWith(page, 'data-member="manager0042"'), atPortal);
    expect((await redeem(configuration, first, visit.location!)).claims()).toMatchObject({
      name: '王小明',
    });
  });

  it('stays ended when it is ended during a request', async () => {
    const { browser } = await signInOnWeb(configuration, 'dingtalk', 'user0077');
    await bed.query(`delete from oidc_entries where model = 'Session'`);
    const silent = await browser.follow(
      (await begin(configuration, { prompt: 'none' })).url,
      atPortal,
    );
    expect(silent.location?.searchParams.get('error')).toBe('login_required');
  });
});

describe('a change of registration', () => {
  it('is seen within seconds, also when its clock is behind', async () => {
    await bed.query(
      `update clients set enabled = false, updated_at = updated_at - interval '1 hour' where client_id = 'spa'`,
    );
    const { ClientRegistry } = await import('../../src/auth/issuer/clients/client.registry.js');
    const clients = bed.replicas[0]!.service.app.get(ClientRegistry);
    await clients.refresh();
    expect(await clients.find('spa')).toBeUndefined();
  });
});

describe('what does not belong to a person', () => {
  it('gets nothing from /userinfo', async () => {
    const token = await fetch(`${bed.issuer}/token`, {
      method: 'POST',
      headers: { accept: 'text/html' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'machine',
        client_secret: 'machine-Zk3vQ9sN7xW0aTq5',
        scope: 'openid',
      }),
    });
    const { access_token: accessToken } = (await token.json()) as { access_token: string };
    const answer = await fetch(`${bed.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(answer.status).toBe(401);
  });

  it('is no origin, and no place to go', async () => {
    const preflight = await fetch(`${bed.issuer}/token`, {
      method: 'OPTIONS',
      headers: { origin: 'null' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    const entry = await new TestBrowser().get(
      `${bed.issuer}/entry/dingtalk?client_id=app&target_link_uri=javascript:alert(1)`,
    );
    expect(entry.location?.href).not.toContain('javascript');
  });
});

describe('odd requests', () => {
  it('a question mark in the query is part of it', async () => {
    const url = `${bed.issuer}/connections/dingtalk/authorize?state=a?b&client_id=portal&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(portal.redirectUri)}&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`;
    expect((await new TestBrowser().get(url)).status).toBe(303);
  });

  it('a scope that cannot be had does not spend the platform’s code', async () => {
    const before = bed.sandbox.control.callCount('oapi.dingtalk.com/topapi/v2/user/getuserinfo');
    await expect(
      client.genericGrantRequest(configuration, 'urn:lingpai:grant-type:platform-code', {
        connection: 'dingtalk',
        code: 'some-code',
        scope: 'openid nonsense',
      }),
    ).rejects.toMatchObject({ error: 'invalid_scope' });
    expect(bed.sandbox.control.callCount('oapi.dingtalk.com/topapi/v2/user/getuserinfo')).toBe(
      before,
    );
  });

  it('signing out without a session asks nothing, and HEAD signs nobody out', async () => {
    const visit = await new TestBrowser().get(`${bed.issuer}/logout`);
    expect(visit.location?.pathname).toBe('/logout/success');
    const { browser } = await signInOnWeb(configuration, 'dingtalk', 'user0077');
    const before = await bed.query(`select 1 from oidc_entries where model = 'Session'`);
    await fetch(`${bed.issuer}/logout`, {
      method: 'HEAD',
      headers: { cookie: `lingpai_session=${browser.cookie('lingpai_session')}` },
    });
    expect(await bed.query(`select 1 from oidc_entries where model = 'Session'`)).toHaveLength(
      before.length,
    );
  });

  it('a database that fails in the middle gives a page with a request id', async () => {
    const browser = new TestBrowser();
    const page = await browser.follow((await begin(configuration, { connection: 'dingtalk' })).url);
    const callback = (await browser.get(linkWith(page, 'data-member="user0077"'))).location!;
    await bed.query(`alter table sign_in_attempts rename to sign_in_attempts_away`);
    const visit = await browser.get(callback);
    await bed.query(`alter table sign_in_attempts_away rename to sign_in_attempts`);
    expect(visit.status).toBe(500);
    expect(visit.headers.get('content-type')).toContain('text/html');
    expect(visit.text).toContain('internal_error');
  });
});
