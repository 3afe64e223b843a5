import type { PlatformCall, PlatformHost } from '../http/platform-host.js';
import type { Reply } from '../http/reply.js';
import type { SandboxRequest } from '../http/request.js';
import type { RefusalKind } from '../faults.js';
import type { ProviderCall } from './call.js';

/**
 * One host for both worlds: a path that both have is answered by the provider's side where the request is its
 * own, everything else as before.
 */
export function sharedHost(
  host: PlatformHost,
  calls: readonly ProviderCall[],
  refuse?: (kind: RefusalKind, request: SandboxRequest) => Reply | undefined,
): PlatformHost {
  const both = host.calls.map((call): PlatformCall => {
    const other = calls.find(({ path }) => path === call.path);
    if (!other) return call;
    return {
      ...call,
      answer: (request) => (other.isMine(request) ? other : call).answer(request),
    };
  });
  const own = calls.filter(({ path }) => !host.calls.some((call) => call.path === path));
  return {
    ...host,
    calls: [...both, ...own],
    refuse: (kind, request) => refuse?.(kind, request) ?? host.refuse(kind, request),
  };
}
