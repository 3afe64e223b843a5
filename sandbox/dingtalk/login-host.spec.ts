import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { browse, hrefOf } from '../testing/browse.js';
import {
  dingtalkApp,
  dingtalkAuthorizeUrl,
  dingtalkCallback,
  dingtalkScanAs,
} from '../testing/dingtalk.js';

describe('login.dingtalk.com', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.control.dingtalk.registerRedirect(dingtalkApp.clientId, dingtalkCallback);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  it.each([
    ['no client_id', { client_id: undefined }, '900103'],
    ['an unknown client_id', { client_id: 'dingnobody' }, '900103'],
    ['no redirect_uri', { redirect_uri: undefined }, '50001'],
    ['a redirect_uri that only begins alike', { redirect_uri: `${dingtalkCallback}&x=1` }, '50001'],
    ['another path', { redirect_uri: 'https://portal.example.com/callback' }, '50001'],
    ['no response_type', { response_type: undefined }, 'invalid_response_type'],
    ['response_type=token', { response_type: 'token' }, 'invalid_response_type'],
    ['no scope', { scope: undefined }, 'invalid_scope'],
    ['scopes joined by a comma', { scope: 'openid,corpid' }, 'invalid_scope'],
    ['a doubly encoded space', { scope: 'openid+corpid' }, 'invalid_scope'],
    ['a permission as scope', { scope: 'Contact.User.Read' }, 'invalid_scope'],
    ['no prompt', { prompt: undefined }, 'invalid_prompt'],
    ['prompt=login', { prompt: 'login' }, 'invalid_prompt'],
  ])('shows an error page for %s', async (_, changes, code) => {
    const page = await browse(dingtalkAuthorizeUrl(sandbox, changes));
    expect(page.status).toBe(400);
    expect(page.text).toContain(`data-error="${code}"`);
    expect(page.location).toBe('');
  });

  it('refuses a parameter that is given twice', async () => {
    const url = `${dingtalkAuthorizeUrl(sandbox)}&redirect_uri=${encodeURIComponent(dingtalkCallback)}`;
    expect((await browse(url)).text).toContain('data-error="50001"');
  });

  it('shows a QR code, the people and the banner, everything escaped', async () => {
    const { status, text } = await browse(dingtalkAuthorizeUrl(sandbox, { scope: 'openid' }));
    expect(status).toBe(200);
    expect(text).toContain('SANDBOX');
    expect(text).toMatch(/<svg[^>]+viewBox="0 0 \d+ \d+"/);
    expect([...text.matchAll(/data-member="([^"]+)"/g)].map((match) => match[1])).toEqual([
      'manager0042',
      'user0077',
      'user0101',
      'user0102',
      'user0103',
      'sun-wei',
      'zhao-qiang',
    ]);
  });

  it('escapes a name that looks like markup', async () => {
    const corp = sandbox.control.dingtalk.world.corps[0];
    corp!.members[1]!.name = '<script>alert("1")</script>';
    const { text } = await browse(dingtalkAuthorizeUrl(sandbox));
    expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
    expect(text).not.toContain('<script');
  });

  it('sends back code and authCode, equal, and the state, after the query that was there', async () => {
    const returned = await dingtalkScanAs(sandbox, 'manager0042', { state: 'a b&c=d' });
    const code = returned.searchParams.get('code');
    expect(code).toMatch(/^[0-9a-f]{32}$/);
    expect(returned.href).toBe(
      `${dingtalkCallback}&code=${code}&authCode=${code}&state=a%20b%26c%3Dd`,
    );
  });

  it('leaves the state out when there was none', async () => {
    const returned = await dingtalkScanAs(sandbox, 'manager0042', { state: undefined });
    expect(returned.searchParams.has('state')).toBe(false);
  });

  it('shows the same choice at the address of the QR code', async () => {
    const page = await browse(dingtalkAuthorizeUrl(sandbox));
    const scanned = hrefOf(page.text, 'data-refuse').replace(/\/refuse$/, '');
    const phone = await browse(scanned);
    expect(hrefOf(phone.text, 'data-refuse')).toBe(`${scanned}/refuse`);
    await browse(hrefOf(phone.text, 'data-member="manager0042"'));
    expect((await browse(scanned)).text).toContain('data-error="expired"');
  });

  it('sends a refusal back as error=access_denied', async () => {
    const page = await browse(dingtalkAuthorizeUrl(sandbox));
    const visit = await browse(hrefOf(page.text, 'data-refuse'));
    expect(visit.status).toBe(302);
    expect(visit.location).toBe(`${dingtalkCallback}&error=access_denied&state=Zk3p9Q`);
  });

  it('takes one scan per page, and none after five minutes', async () => {
    const first = await browse(dingtalkAuthorizeUrl(sandbox));
    const link = hrefOf(first.text, 'data-member="manager0042"');
    expect((await browse(link)).status).toBe(302);
    expect((await browse(link)).text).toContain('data-error="expired"');

    const second = await browse(dingtalkAuthorizeUrl(sandbox));
    sandbox.control.advance(300);
    const late = await browse(hrefOf(second.text, 'data-member="manager0042"'));
    expect(late.text).toContain('data-error="expired"');
  });

  it('lets a person of two orgs choose one when the scope has corpid', async () => {
    const page = await browse(dingtalkAuthorizeUrl(sandbox));
    expect(page.text).toContain('data-member="manager0042"');
    expect(page.text).toContain('data-member="wxm@dingexamplecorp02"');
  });

  it('offers only the org that the client names, or those that the person administers', async () => {
    const named = await browse(dingtalkAuthorizeUrl(sandbox, { corpId: 'dingexamplecorp01' }));
    expect(named.text).not.toContain('@dingexamplecorp02');
    expect(named.text).not.toContain('data-member="zhao-qiang"');
    const managed = await browse(dingtalkAuthorizeUrl(sandbox, { org_type: 'management' }));
    expect(managed.text).toContain('data-member="manager0042"');
    expect(managed.text).not.toContain('data-member="user0077"');
  });

  it('turns an outsider away only if told to, since reports contradict the documentation', async () => {
    const { settings } = sandbox.control.dingtalk;
    expect((await dingtalkScanAs(sandbox, 'zhao-qiang')).searchParams.has('code')).toBe(true);
    settings.outsiders = 'refused';
    const page = await browse(dingtalkAuthorizeUrl(sandbox));
    const refused = await browse(hrefOf(page.text, 'data-member="zhao-qiang"'));
    expect(refused.text).toContain('data-error="11055"');
  });
});
