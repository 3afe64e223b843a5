import { createPublicKey, type JsonWebKey } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import * as client from 'openid-client';

import { TestBrowser } from '../fixtures/browser.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import {
  atPortal,
  begin,
  dingtalkAgent,
  discoverPortal,
  redeem,
  scanAs,
  signInOnWeb,
  wecomAgent,
} from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed();
  configuration = await discoverPortal(bed);
});

afterAll(() => bed.stop());

/** Verifies a token as any other service would: another library, the published keys. */
async function verifyElsewhere(
  token: string,
  audience: string,
): Promise<jwt.Jwt & { payload: jwt.JwtPayload }> {
  const published = (await (await fetch(`${bed.issuer}/.well-known/jwks.json`)).json()) as {
    keys: (JsonWebKey & { kid: string })[];
  };
  const { header } = jwt.decode(token, { complete: true }) ?? {};
  const key = published.keys.find((candidate) => candidate.kid === header?.kid);
  const publicKey = createPublicKey({ key: key ?? {}, format: 'jwk' });
  return jwt.verify(token, publicKey, {
    complete: true,
    issuer: bed.issuer,
    audience,
    algorithms: ['RS256'],
  }) as jwt.Jwt & { payload: jwt.JwtPayload };
}

describe('signing in', () => {
  it('on DingTalk in a browser, to a token that another library verifies', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const tokens = await redeem(configuration, began, back);

    const access = await verifyElsewhere(tokens.access_token, 'https://api.example.com');
    const subject = (access.payload as { sub?: string }).sub;
    expect(access.header.typ).toBe('at+jwt');
    expect(access.payload).toMatchObject({
      client_id: 'portal',
      connection: 'dingtalk',
      tenant: 'dingexamplecorp01',
      roles: [],
      scope: 'openid profile phone email offline_access',
    });
    const id = await verifyElsewhere(tokens.id_token ?? '', portal.clientId);
    expect(id.payload).toMatchObject({
      sub: subject,
      name: '王小明',
      phone_number: '+8613800000000',
      phone_number_verified: true,
      email: 'xiaoming@corp.example.com',
      email_verified: false,
    });
    const person = await client.fetchUserInfo(configuration, tokens.access_token, subject ?? '');
    expect(person.name).toBe('王小明');
  });

  it('on WeCom in a browser', async () => {
    const { began, back } = await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao');
    const tokens = await redeem(configuration, began, back);
    const access = await verifyElsewhere(tokens.access_token, 'https://api.example.com');

    expect(access.payload).toMatchObject({
      connection: 'wecom-hq',
      tenant: 'ww1a2b3c4d5e6f7a8b',
      roles: ['staff'],
    });
    expect(tokens.claims()).toMatchObject({ name: '林乔' });
    expect(tokens.claims()).not.toHaveProperty('phone_number');
  });

  it('silently inside WeCom, with the phone that the person consented to', async () => {
    const browser = new TestBrowser({ 'user-agent': wecomAgent, 'x-sandbox-user': 'wang.m' });
    const began = await begin(configuration);
    let visit = await browser.follow(began.url, atPortal);
    const consent = /href="([^"]*)"[^>]*data-approve|data-approve[^>]*href="([^"]*)"/.exec(
      visit.text,
    );
    if (consent) {
      const href = (consent[1] ?? consent[2] ?? '').replace(/&amp;/g, '&');
      visit = await browser.follow(new URL(href, visit.url), atPortal);
    }
    const tokens = await redeem(configuration, began, visit.location!);

    expect(tokens.claims()).toMatchObject({
      phone_number: '+8613900000018',
      phone_number_verified: true,
    });
  });

  it('silently inside DingTalk, by a page that asks the client for a code', async () => {
    const browser = new TestBrowser({ 'user-agent': dingtalkAgent });
    const began = await begin(configuration, { connection: 'dingtalk' });
    const page = await browser.follow(began.url);
    expect(page.status).toBe(200);
    const callback =
      /http:\/\/localhost:\d+\/callback\/dingtalk\?state=\w{32}/.exec(page.text)?.[0] ?? '';
    const code = bed.sandbox.control.dingtalk.inAppCode({
      clientId: 'dingexampleappkey1',
      corpId: 'dingexamplecorp01',
      userid: 'user0077',
    });
    const back = await browser.follow(`${callback}&code=${code}`, atPortal);
    const tokens = await redeem(configuration, began, back.location!);

    expect(tokens.claims()).toMatchObject({ name: '李娜' });
  });

  it('by a code that a frontend holds already', async () => {
    const code = bed.sandbox.control.dingtalk.inAppCode({
      clientId: 'dingexampleappkey1',
      corpId: 'dingexamplecorp01',
      userid: 'user0077',
    });
    const tokens = await client.genericGrantRequest(
      configuration,
      'urn:lingpai:grant-type:platform-code',
      {
        connection: 'dingtalk',
        code,
        scope: 'openid profile offline_access',
      },
    );

    expect(tokens.claims()).toMatchObject({ name: '李娜' });
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    const access = await verifyElsewhere(refreshed.access_token, 'https://api.example.com');
    expect(access.payload).toMatchObject({ connection: 'dingtalk', tenant: 'dingexamplecorp01' });
    await expect(
      client.genericGrantRequest(configuration, 'urn:lingpai:grant-type:platform-code', {
        connection: 'dingtalk',
        code,
      }),
    ).rejects.toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringMatching(/^platform_code_rejected: /),
    });
  });

  it('leads two people in succession to two accounts, and one person twice to one', async () => {
    const subjects = [];
    for (const member of ['manager0042', 'user0077', 'manager0042']) {
      const { began, back } = await signInOnWeb(configuration, 'dingtalk', member);
      subjects.push((await redeem(configuration, began, back)).claims()?.sub);
    }
    expect(subjects[0]).not.toBe(subjects[1]);
    expect(subjects[2]).toBe(subjects[0]);
  });

  it('needs no second sign-in in the same browser, unless the client asks for one', async () => {
    const { browser } = await signInOnWeb(configuration, 'dingtalk', 'user0077');
    const again = await browser.follow(
      (await begin(configuration, { connection: 'dingtalk' })).url,
      atPortal,
    );
    expect(again.location?.searchParams.get('code')).toBeTruthy();

    const asked = await browser.follow(
      (await begin(configuration, { connection: 'dingtalk', prompt: 'login' })).url,
    );
    expect(asked.url.pathname).toContain('/login.dingtalk.com/');
  });

  it('as another person in the same browser replaces the session', async () => {
    const { began, back, browser } = await signInOnWeb(configuration, 'dingtalk', 'user0077');
    const first = (await redeem(configuration, began, back)).claims()?.sub;
    const other = await begin(configuration, { connection: 'dingtalk', prompt: 'login' });
    const page = await browser.follow(other.url);
    const { linkWith } = await import('../fixtures/browser.js');
    const visit = await browser.follow(linkWith(page, 'data-member="manager0042"'), atPortal);
    const second = (await redeem(configuration, other, visit.location!)).claims()?.sub;
    expect(second).not.toBe(first);

    const silent = await begin(configuration, { prompt: 'none' });
    const back2 = await browser.follow(silent.url, atPortal);
    expect((await redeem(configuration, silent, back2.location!)).claims()?.sub).toBe(second);
  });
});

describe('a client that lists its connections', () => {
  const atSpa = (url: URL): boolean => url.pathname === '/spa';
  const spa = async (): Promise<URL> => {
    const { url } = await begin(configuration, { scope: 'openid profile' });
    url.searchParams.set('client_id', 'spa');
    url.searchParams.set('redirect_uri', 'http://localhost:9/spa');
    return url;
  };

  it('takes a session of one of them silently', async () => {
    const { browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const visit = await browser.follow(await spa(), atSpa);
    expect(visit.location?.searchParams.get('code')).toMatch(/^[\w-]{20,}$/);
  });

  it('asks who comes with a session of another to sign in by one of its own', async () => {
    const { browser } = await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao');
    const silently = await spa();
    silently.searchParams.set('prompt', 'none');
    const refused = await browser.follow(silently, atSpa);
    expect(refused.location?.searchParams.get('error')).toBe('login_required');

    const visit = await scanAs(browser, await spa(), 'manager0042');
    expect(visit.location?.href).toMatch(/^http:\/\/localhost:9\/spa\?code=/);
    // From now on the session is one that it takes.
    expect((await browser.follow(silently, atSpa)).location?.searchParams.has('code')).toBe(true);
  });
});

describe('what follows a sign-in', () => {
  it('a refresh token turns, and its reuse ends the family', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const first = await redeem(configuration, began, back);
    const second = await client.refreshTokenGrant(configuration, first.refresh_token ?? '');
    expect(second.refresh_token).not.toBe(first.refresh_token);

    await expect(
      client.refreshTokenGrant(configuration, first.refresh_token ?? ''),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(
      client.refreshTokenGrant(configuration, second.refresh_token ?? ''),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('introspection tells a live token from one whose grant has ended', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const tokens = await redeem(configuration, began, back);
    expect(await client.tokenIntrospection(configuration, tokens.access_token)).toMatchObject({
      active: true,
      client_id: 'portal',
    });

    await client.tokenRevocation(configuration, tokens.refresh_token ?? '');
    expect(await client.tokenIntrospection(configuration, tokens.access_token)).toEqual({
      active: false,
    });
  });

  it('signing out with this person’s ID token ends the session at once', async () => {
    const { began, back, browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const tokens = await redeem(configuration, began, back);
    const url = client.buildEndSessionUrl(configuration, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: portal.postLogoutRedirectUri,
      state: 'bye',
    });
    const visit = await browser.get(url);
    expect(visit.location?.href).toBe('http://localhost:9/?state=bye');

    const silent = await browser.follow(
      (await begin(configuration, { prompt: 'none' })).url,
      atPortal,
    );
    expect(silent.location?.searchParams.get('error')).toBe('login_required');
  });
});
