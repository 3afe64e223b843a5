import type { ServerResponse } from 'node:http';

export function redirect(response: ServerResponse, url: string): void {
  response.writeHead(303, { Location: url, 'Cache-Control': 'no-store' }).end();
}

/** A page; `scripts` names other origins whose scripts it may run and talk to. */
export function html(
  response: ServerResponse,
  body: string,
  status = 200,
  scripts?: readonly string[],
): void {
  const sources = scripts && ["'self'", ...scripts].join(' ');
  const allowed = sources ? `script-src ${sources}; connect-src ${sources}; ` : '';
  response
    .writeHead(status, {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': `default-src 'none'; style-src 'self'; ${allowed}form-action 'self' http://localhost:*; base-uri 'none'; frame-ancestors 'none'`,
    })
    .end(body);
}

export function json(response: ServerResponse, body: object, status = 200): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    .end(JSON.stringify(body));
}
