import type { RefusalKind } from '../faults.js';
import type { Reply } from './reply.js';
import type { SandboxRequest } from './request.js';

/** One call of a platform's host. */
export interface PlatformCall {
  readonly methods: readonly string[];
  /** The real path; a `{name}` stands for one segment. */
  readonly path: string;
  /** Whether the call wants an access token: only such calls can meet "token invalid". */
  readonly takesToken: boolean;
  answer(request: SandboxRequest): Reply | Promise<Reply>;
}

/** One public host of a platform, imitated. */
export interface PlatformHost {
  /** The real host name, which is the first segment of the path here. */
  readonly name: string;
  /** Whether people look at it, or programs. */
  readonly speaks: 'html' | 'json';
  readonly calls: readonly PlatformCall[];
  /** How this host answers a path that it does not know, or a method that the path does not take. */
  unmatched(request: SandboxRequest, reason: 'path' | 'method'): Reply;
  /** How this host words a refusal that the tester asked for; undefined when it has no such thing (a page). */
  refuse(kind: RefusalKind, request: SandboxRequest): Reply | undefined;
}

export interface Match {
  /** What the call is named in counters, log and faults: host and real path. */
  readonly name: string;
  readonly call?: PlatformCall;
  readonly params: Readonly<Record<string, string>>;
  readonly reason: 'found' | 'path' | 'method';
}

/** Finds the call that a method and path mean. */
export function matchCall(host: PlatformHost, method: string, path: string): Match {
  const segments = path.split('/');
  for (const call of host.calls) {
    const params = matchPath(call.path.split('/'), segments);
    if (!params) continue;
    const name = host.name + call.path;
    return call.methods.includes(method)
      ? { name, call, params, reason: 'found' }
      : { name, params, reason: 'method' };
  }
  return { name: `${host.name}/(unknown)`, params: {}, reason: 'path' };
}

function matchPath(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{')) {
      if (segment === '') return undefined;
      params[part.slice(1, -1)] = decode(segment);
    } else if (part !== segment) return undefined;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
