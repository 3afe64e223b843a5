import type { IncomingHttpHeaders } from 'node:http';

/** A request as the calls see it: read whole, nothing interpreted yet. */
export interface SandboxRequest {
  readonly method: string;
  /** The path after the host prefix: `/cgi-bin/gettoken`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The caller's address, IPv4 where it is one. */
  readonly ip: string;
  readonly body: string;
  /** What the `{names}` in the call's path stand for. */
  readonly params: Readonly<Record<string, string>>;
}

export function header(request: SandboxRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The media type without its parameters, lower case; empty when there is none. */
export function mediaType(request: SandboxRequest): string {
  return (header(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The body as a JSON object, whatever the content type; undefined when it is none. */
export function jsonObject(request: SandboxRequest): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(request.body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A field that holds text and is not empty. */
export function textField(
  fields: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** One parameter of the query: undefined when it is missing, empty, or given twice. */
export function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}
