import { BlockList, isIP } from 'node:net';

import type { Request } from 'express';

/** Whose addresses are no caller's on the internet: what a proxy of one's own has towards the service. */
const inner = new BlockList();
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  inner.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  inner.addSubnet(network, bits, 'ipv6');

/** What may be wrong with TRUST_PROXY. */
export type ProxyFault = 'names none' | 'names too few' | 'counts too many';

/**
 * What a request shows of TRUST_PROXY. Whether it was forwarded is known only from a header that anybody may send: what is found is to be
 * looked at, and decides nothing.
 */
export function proxyFault(
  trustProxy: number | string | false,
  { ip = '', ips, headers }: Pick<Request, 'ip' | 'ips' | 'headers'>,
): ProxyFault | undefined {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const steps = forwarded.filter((step) => step.trim() !== '').length;
  if (steps === 0) return undefined;
  if (trustProxy === false || trustProxy === 0) return 'names none';
  if (typeof trustProxy === 'number' && steps < trustProxy) return 'counts too many';
  // Each proxy that is trusted says where it was asked from: what is left was said by one that is not.
  return steps > ips.length && isInner(ip) ? 'names too few' : undefined;
}

function isInner(ip: string): boolean {
  const address = ip.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  const version = isIP(address);
  return version !== 0 && inner.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
