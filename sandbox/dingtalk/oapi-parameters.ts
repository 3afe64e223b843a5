import { jsonObject, mediaType, type SandboxRequest } from '../http/request.js';

/**
 * What a call on oapi.dingtalk.com was given: the body as JSON or form, and the query, which the official sample
 * for `getuserinfo` uses (reference dingtalk 3.2).
 */
export function bodyParameters(request: SandboxRequest): Readonly<Record<string, unknown>> {
  const query = Object.fromEntries(request.query);
  if (mediaType(request) === 'application/x-www-form-urlencoded') {
    return { ...query, ...Object.fromEntries(new URLSearchParams(request.body)) };
  }
  return { ...query, ...jsonObject(request) };
}
