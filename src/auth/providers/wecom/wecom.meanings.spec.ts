import { describe, expect, it } from '@jest/globals';

import { meaningOf } from './wecom.meanings.js';

const rows: readonly (readonly [string, string, RegExp])[] = [
  ['-1', 'platform_unavailable', /wait/],
  ['40001', 'platform_misconfigured', /corpId and secret/],
  ['40003', 'not_a_member', /可见范围/],
  ['40013', 'platform_misconfigured', /corpId/],
  ['40014', 'platform_misconfigured', /secret is the one of the app/],
  ['40029', 'platform_code_rejected', /five minutes/],
  ['40056', 'platform_misconfigured', /agentId/],
  ['40058', 'platform_misconfigured', /read the request/],
  ['40063', 'platform_misconfigured', /read the request/],
  ['40091', 'platform_misconfigured', /corpId and secret/],
  ['41001', 'platform_misconfigured', /proxy/],
  ['41002', 'platform_misconfigured', /read the request/],
  ['41004', 'platform_misconfigured', /read the request/],
  ['41008', 'platform_code_rejected', /exchange/],
  ['41009', 'platform_misconfigured', /read the request/],
  ['42001', 'platform_misconfigured', /secret is the one of the app/],
  ['42003', 'platform_code_rejected', /exchange/],
  ['42012', 'platform_misconfigured', /agentId/],
  ['42013', 'platform_code_rejected', /exchange/],
  ['42022', 'platform_code_rejected', /exchange/],
  ['45009', 'platform_rate_limited', /window/],
  ['45033', 'platform_rate_limited', /same time/],
  ['48002', 'platform_misconfigured', /administrator grants/],
  ['48006', 'platform_misconfigured', /not used for long/],
  ['48009', 'platform_misconfigured', /administrator grants/],
  ['50001', 'platform_misconfigured', /授权回调域/],
  ['50002', 'not_a_member', /可见范围/],
  ['50003', 'platform_misconfigured', /enable it/],
  ['60011', 'not_a_member', /可见范围/],
  ['60020', 'platform_misconfigured', /企业可信IP/],
  ['60021', 'not_a_member', /可见范围/],
  ['60111', 'not_a_member', /可见范围/],
  ['80001', 'platform_misconfigured', /WW_verify/],
  ['84014', 'platform_code_rejected', /user_ticket/],
  ['84015', 'platform_code_rejected', /user_ticket/],
  ['84090', 'platform_code_rejected', /user_ticket/],
  ['85005', 'platform_misconfigured', /WW_verify/],
  ['91040', 'platform_misconfigured', /read the request/],
  ['92000', 'not_a_member', /可见范围/],
  ['92001', 'platform_misconfigured', /成员敏感信息/],
  ['301002', 'platform_misconfigured', /agentId and secret/],
  ['2000002', 'platform_misconfigured', /corpId/],
  ['HTTP 429', 'platform_rate_limited', /window/],
  ['HTTP 502', 'platform_unavailable', /wait/],
  ['HTTP 404', 'platform_unavailable', /endpoints/],
  ['unreadable', 'platform_unavailable', /endpoints/],
  ['301005', 'platform_unavailable', /query\?e=301005/],
  ['99999', 'platform_unavailable', /query\?e=99999/],
];

describe('the table of codes', () => {
  it.each(rows)('%s means %s', (code, ours, fix) => {
    const meaning = meaningOf({ code });

    expect(meaning.code).toBe(ours);
    expect(typeof meaning.fix === 'string' ? meaning.fix : meaning.fix({ code })).toMatch(fix);
  });

  it('blames the token for three codes alone', () => {
    const blamed = rows.map(([code]) => code).filter((code) => meaningOf({ code }).rejectsToken);

    expect(blamed).toEqual(['40001', '40014', '42001']);
  });

  it('knows after which codes the same call may go better, and when', () => {
    const passing = rows
      .map(([code]) => [code, meaningOf({ code }).trouble])
      .filter(([, trouble]) => trouble !== undefined);

    expect(passing).toEqual([
      ['-1', 'busy'],
      ['45009', 'used-up'],
      ['45033', 'too-fast'],
      ['HTTP 429', 'used-up'],
      ['HTTP 502', 'busy'],
    ]);
  });
});
