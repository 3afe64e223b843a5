import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import { openTestBed, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    env: { REFRESH_TOKEN_TTL_SECONDS: '3600', SESSION_TTL_SECONDS: '7200' },
  });
  configuration = await discoverPortal(bed);
});
afterAll(() => bed.stop());

const living = (model: string) =>
  bed.query<{ seconds: number }>(
    `select round(extract(epoch from expires_at - now()))::int as seconds
       from oidc_entries where model = $1 and consumed_at is null order by expires_at`,
    [model],
  );

/** Brings the ends of sessions and grants nearer: the engine goes by the machine's clock. */
async function age(seconds: number): Promise<void> {
  await bed.query(
    `update oidc_entries
        set expires_at = expires_at - make_interval(secs => $1),
            payload = payload || jsonb_build_object('exp', (payload->>'exp')::bigint - $1::int)
      where model in ('Session', 'Grant')`,
    [seconds],
  );
}

it('a refresh token of a session that is old is good as long as any', async () => {
  const { began, back, browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
  await redeem(configuration, began, back);
  await bed.query(`delete from oidc_entries where model = 'RefreshToken'`);

  // A session lasts two hours from its last use; after these two pieces the sign-in is three and a half hours old.
  for (const seconds of [6600, 6000]) {
    await age(seconds);
    const silent = await begin(configuration, { prompt: 'none' });
    const { location } = await browser.follow(silent.url, atPortal);
    const tokens = await redeem(configuration, silent, location ?? new URL('x:'));
    await age(3500);
    const next = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(next.refresh_token).toMatch(/./);
    await age(-3500);
  }
});

it('a grant is written again only where it would end before what is issued under it', async () => {
  await bed.query('delete from oidc_entries');
  const { browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
  const silent = async (): Promise<number | undefined> => {
    const { url } = await begin(configuration, { prompt: 'none' });
    expect((await browser.follow(url, atPortal)).location?.searchParams.has('code')).toBe(true);
    return (await living('Grant'))[0]?.seconds;
  };
  // What a refresh token and a session last together.
  expect(await silent()).toBeGreaterThan(10_700);
  await age(7000);
  expect(await silent()).toBeLessThan(3810);
  await age(180);
  expect(await silent()).toBeGreaterThan(10_700);
  expect(await living('Grant')).toHaveLength(1);
});
