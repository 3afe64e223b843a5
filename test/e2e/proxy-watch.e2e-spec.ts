import { afterEach, describe, expect, it } from '@jest/globals';

import { eventually } from '../fixtures/eventually.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
afterEach(() => bed.stop());

const open = async (trustProxy: string): Promise<void> => {
  bed = await openTestBed({
    env: {
      TRUST_PROXY: trustProxy,
      LIMIT_SIGN_IN_PER_MINUTE: '3',
      LIMIT_REFUSED_PER_MINUTE: '3',
    },
  });
};
/** A request as a proxy on this machine hands it on. */
const ask = async (path: string, forwardedFor: string, bearer?: string): Promise<number> => {
  const headers = {
    'x-forwarded-for': forwardedFor,
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
  };
  return (await fetch(`${bed.issuer}${path}`, { headers })).status;
};
const askOften = async (times: number, ...of: Parameters<typeof ask>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let count = 0; count < times; count += 1) statuses.push(await ask(...of));
  return statuses;
};
/** How often the log names the variable. */
const hints = (): number => bed.log().split('TRUST_PROXY').length - 1;

describe('operators hear once', () => {
  it('of a proxy that TRUST_PROXY does not name, when any limit refused, and not before', async () => {
    await open('');
    expect(await askOften(3, '/api/v1/me', '203.0.113.77', 'wrong')).toEqual([401, 401, 401]);
    expect(hints()).toBe(0);
    expect(await askOften(2, '/api/v1/me', '203.0.113.78', 'wrong')).toEqual([429, 429]);
    await eventually(() => expect(bed.log()).toContain('TRUST_PROXY must name it, or everybody'));
    expect(await askOften(5, '/login/abc', '203.0.113.79')).toEqual([400, 400, 400, 429, 429]);
    expect(hints()).toBe(1);
    expect(bed.log()).not.toContain('203.0.113.7');
  });

  it('of a second proxy before the one that is counted', async () => {
    await open('1');
    expect(await askOften(5, '/login/abc', '203.0.113.77, 10.0.0.5')).toEqual([
      400, 400, 400, 429, 429,
    ]);
    await eventually(() => expect(bed.log()).toContain('TRUST_PROXY must name or count it too'));
    expect(hints()).toBe(1);
    expect(bed.log()).not.toContain('203.0.113.7');
  });

  it('of a proxy that is counted and not there, before anybody was limited', async () => {
    await open('2');
    expect(await askOften(2, '/login/abc', '203.0.113.77')).toEqual([400, 400]);
    await eventually(() =>
      expect(bed.log()).toContain('a request passed fewer proxies than TRUST_PROXY counts'),
    );
    expect(hints()).toBe(1);
  });

  it('of nothing where it is right', async () => {
    await open('1');
    expect(await askOften(4, '/login/abc', '198.51.100.1, 203.0.113.77')).toEqual([
      400, 400, 400, 429,
    ]);
    await fetch(`${bed.issuer}/login/abc`);
    expect(hints()).toBe(0);
  });
});
