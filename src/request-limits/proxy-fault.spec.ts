import { describe, expect, it } from '@jest/globals';

import { proxyFault } from './proxy-fault.js';

/** @param ips what Express believes of the header, the caller first */
const seen = (
  trustProxy: number | string | false,
  ip: string,
  ips: string[],
  forwardedFor?: string,
) => proxyFault(trustProxy, { ip, ips, headers: { 'x-forwarded-for': forwardedFor } });

describe('TRUST_PROXY', () => {
  it.each([
    ['nobody forwarded anything', false, '172.18.0.2', [], undefined],
    ['a header that says nothing', false, '172.18.0.2', [], ' , '],
    ['one proxy, counted', 1, '203.0.113.7', ['203.0.113.7'], '203.0.113.7'],
    [
      'a stranger who says more, in front of the counted proxy',
      1,
      '203.0.113.7',
      ['203.0.113.7'],
      '1.2.3.4, 203.0.113.7',
    ],
    ['a person within, behind the counted proxy', 1, '10.1.2.3', ['10.1.2.3'], '10.1.2.3'],
    [
      'a proxy named by its address',
      '172.16.0.0/12',
      '203.0.113.7',
      ['203.0.113.7'],
      '203.0.113.7',
    ],
    ['a health check that passes no proxy', 2, '127.0.0.1', [], undefined],
  ] as const)('is right: %s', (_what, trust, ip, ips, header) => {
    expect(seen(trust, ip, [...ips], header)).toBeUndefined();
  });

  it.each([
    ['names none', false, '172.18.0.2', [], '203.0.113.7'],
    ['names none', 0, '198.51.100.9', [], '203.0.113.7'],
    // A load balancer before the counted proxy.
    ['names too few', 1, '10.0.0.5', ['10.0.0.5'], '203.0.113.7, 10.0.0.5'],
    ['names too few', 'loopback', '172.18.0.2', [], '203.0.113.7'],
    ['names too few', 'loopback', '::ffff:192.168.1.4', [], '203.0.113.7'],
    ['names too few', 'loopback', '100.64.3.4', [], '203.0.113.7'],
    ['names too few', 'loopback', 'fd00::5', [], '203.0.113.7'],
    ['names too few', 'loopback', 'fe80::5%eth0', [], '203.0.113.7'],
    ['counts too many', 2, '203.0.113.7', ['203.0.113.7'], '203.0.113.7'],
    ['counts too many', 3, '203.0.113.7', ['203.0.113.7'], '203.0.113.7,,'],
  ] as const)('%s: %s, from %s', (fault, trust, ip, ips, header) => {
    expect(seen(trust, ip, [...ips], header)).toBe(fault);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1', 'unknown', ''])(
    'may be right where %s asks, with a header of its own',
    (ip) => {
      expect(seen('loopback', ip, [], '203.0.113.7')).toBeUndefined();
    },
  );
});
