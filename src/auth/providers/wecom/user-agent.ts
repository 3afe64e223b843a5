/**
 * Whether a browser is WeCom's own (reference wecom 5). `wxwork` decides: plain WeChat says `MicroMessenger` too, and a
 * person there is not signed in to any corp.
 */
export function isWecomClient(userAgent: string): boolean {
  return /wxwork\//i.test(userAgent);
}
