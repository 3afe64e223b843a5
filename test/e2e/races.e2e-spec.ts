import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import { TestBrowser } from '../fixtures/browser.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import {
  atPortal,
  begin,
  discoverPortal,
  redeem,
  scanAs,
  signInOnWeb,
} from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  await bed.addReplica();
  configuration = await discoverPortal(bed);
});

afterAll(() => bed.stop());

/** Sends a request for the public address to one of the replicas. */
function onReplica(index: number): (url: URL) => URL {
  return (url) => {
    if (url.origin !== bed.issuer) return url;
    const replica = bed.replicas[index % bed.replicas.length]!;
    return new URL(url.pathname + url.search, replica.url);
  };
}

async function tokenRequest(index: number, form: Record<string, string>): Promise<Response> {
  return fetch(onReplica(index)(new URL('/token', bed.issuer)), {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${portal.clientId}:${portal.clientSecret}`).toString('base64')}`,
    },
    body: new URLSearchParams(form),
  });
}

describe('on three replicas', () => {
  it('120 people sign in at once on a cold cache with one token fetch', async () => {
    const member = ['Lin.Qiao', 'wang.m'];
    const outcomes = await Promise.all(
      Array.from({ length: 120 }, async (_, index) => {
        const browser = new TestBrowser({}, onReplica(index));
        const began = await begin(configuration, { connection: 'wecom-hq' });
        const visit = await scanAs(browser, began.url, member[index % 2]!);
        const { location, status, text } = visit;
        if (location?.searchParams.has('code')) return 'in';
        return location?.searchParams.get('error_description') ?? `${status} ${text}`;
      }),
    );
    expect(outcomes.filter((outcome) => outcome !== 'in')).toEqual([]);
    expect(bed.sandbox.control.callCount('qyapi.weixin.qq.com/cgi-bin/gettoken')).toBe(1);
    // 120 first sign-ins of two people make two accounts.
    expect(await bed.query(`select 1 from accounts`)).toHaveLength(2);
  }, 60_000);

  it('a code is redeemed once, however many race for it', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const form = {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: portal.redirectUri,
      code_verifier: began.verifier,
    };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => tokenRequest(index, form)),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 400)).toHaveLength(49);
  });

  it('a refresh token turns once, however many race for it', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const tokens = await redeem(configuration, began, back);
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => tokenRequest(index, form)),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  it('a state is used once, and its reload leads to the same place', async () => {
    const browser = new TestBrowser();
    const began = await begin(configuration, { connection: 'dingtalk' });
    const { linkWith } = await import('../fixtures/browser.js');
    const page = await browser.follow(began.url);
    const callback = (await browser.get(linkWith(page, 'data-member="user0077"'))).location!;
    const before = bed.sandbox.control.callCount('api.dingtalk.com/v1.0/oauth2/userAccessToken');
    const visits = await Promise.all(
      Array.from({ length: 12 }, (_, index) => {
        browser.route = onReplica(index);
        return browser.get(callback);
      }),
    );
    browser.route = (url) => url;
    expect(new Set(visits.map((visit) => visit.location?.href)).size).toBe(1);
    expect(bed.sandbox.control.callCount('api.dingtalk.com/v1.0/oauth2/userAccessToken')).toBe(
      before + 1,
    );
    const end = await browser.follow(visits[0]!.location!, atPortal);
    expect(end.location?.searchParams.has('code')).toBe(true);
  });

  it('a sign-in that began on one replica ends on another that started later', async () => {
    const browser = new TestBrowser({}, onReplica(0));
    const began = await begin(configuration, { connection: 'dingtalk' });
    const page = await browser.follow(began.url);
    const { linkWith } = await import('../fixtures/browser.js');
    const callback = (await browser.get(linkWith(page, 'data-member="user0077"'))).location!;
    await bed.addReplica();
    browser.route = onReplica(3);
    const end = await browser.follow(callback, atPortal);
    const tokens = await redeem(configuration, began, end.location!);
    expect(tokens.claims()).toMatchObject({ name: '李娜' });
  });
});

describe('keys', () => {
  it('a new one is published before it signs, and old tokens stay verifiable', async () => {
    const { SigningKeys } = await import('../../src/auth/issuer/signing-keys/signing-keys.js');
    const keys = bed.replicas.map((replica) => replica.service.app.get(SigningKeys));
    const published = async (): Promise<string[]> => {
      const answer = (await (await fetch(`${bed.issuer}/.well-known/jwks.json`)).json()) as {
        keys: { kid: string }[];
      };
      return answer.keys.map((key) => key.kid);
    };
    const [old] = await published();
    const next = await keys[0]!.rotate();
    await Promise.all(keys.map((each) => each.refresh()));
    expect(await published()).toEqual([old, next]);

    const first = await signInOnWeb(configuration, 'dingtalk', 'user0077');
    const before = await redeem(configuration, first.began, first.back);
    expect(kidOf(before.id_token)).toBe(old);

    bed.clock.advance(361);
    const second = await signInOnWeb(configuration, 'dingtalk', 'user0077');
    const later = await fetch(onReplica(1)(new URL('/token', bed.issuer)), {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${portal.clientId}:${portal.clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: second.back.searchParams.get('code') ?? '',
        redirect_uri: portal.redirectUri,
        code_verifier: second.began.verifier,
      }),
    });
    const answer = (await later.json()) as { id_token?: string };
    expect(kidOf(answer.id_token)).toBe(next);
    expect(await published()).toContain(old);

    bed.clock.advance(9 * 3600);
    await keys[0]!.refresh();
    expect(await published()).toEqual([next]);
  });
});

function kidOf(token: string | undefined): string {
  return (
    JSON.parse(Buffer.from(token?.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
  ).kid;
}
