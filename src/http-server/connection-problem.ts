import { STATUS_CODES } from 'node:http';

const titles = {
  400: 'That is not a request as HTTP knows it.',
  408: 'The request took too long to arrive.',
  413: 'The request is too large.',
  431: 'The address and the headers of the request are too long together.',
};

/** What a connection may be refused with, before the service itself is asked. */
export type ConnectionProblem = keyof typeof titles;

/** What a fault of Node's parser is called in HTTP. */
export function problemOf(code: string | undefined): ConnectionProblem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    default:
      return 400;
  }
}

/** As `application/problem+json` (RFC 9457), like any other answer of the service. */
export function problemBody(status: ConnectionProblem): string {
  return JSON.stringify({
    type: 'about:blank',
    title: titles[status],
    status,
    code: 'request_invalid',
  });
}

/**
 * The whole answer, for a connection on which there is no request to answer. A stranger's link may lead a browser here (an address that is
 * too long), so it has what keeps a browser from making anything of it.
 */
export function problemAnswer(status: ConnectionProblem): string {
  const body = problemBody(status);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Cache-Control: no-store',
    "Content-Security-Policy: default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    'X-Content-Type-Options: nosniff',
    'X-Frame-Options: DENY',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
