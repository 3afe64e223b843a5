/**
 * Whether a browser is WeCom's own (reference wecom-self-built 5). `wxwork` decides, in any case of letters: plain WeChat says
 * `MicroMessenger` as WeCom does, and a person there is not signed in to any corp. The private edition says
 * `wxworklocal` as well.
 */
export function isWecomClient(userAgent: string): boolean {
  return /wxwork/i.test(userAgent);
}
