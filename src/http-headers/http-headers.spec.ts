import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';

import { httpHeaders } from './http-headers.js';

function headersOf(issuerUrl: string, path: string): Record<string, string> {
  const headers = new Map([['X-Powered-By', 'somebody']]);
  const response = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  let passedOn = 0;
  httpHeaders(issuerUrl)({ path } as Request, response as unknown as Response, () => passedOn++);
  expect(passedOn).toBe(1);
  return Object.fromEntries(headers);
}

const strict = {
  'Content-Security-Policy':
    "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'Referrer-Policy': 'strict-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Frame-Options': 'DENY',
  'X-XSS-Protection': '0',
  'Cache-Control': 'no-store',
  'Permissions-Policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
};

describe('the headers of an answer', () => {
  it('are the strictest of each kind', () => {
    expect(headersOf('http://127.0.0.1:3000', '/api/v1/me')).toEqual(strict);
  });

  it('keep browsers on https where the service is reached by it, and say nothing of other hosts', () => {
    expect(headersOf('https://sso.example.com', '/api/v1/me')).toEqual({
      ...strict,
      'Strict-Transport-Security': 'max-age=63072000',
    });
  });

  it.each(['https://localhost:8443', 'https://sso.localhost'])(
    'bind no developer’s machine to https: %s',
    (issuerUrl) => {
      expect(headersOf(issuerUrl, '/account')).toEqual(strict);
    },
  );

  it.each([
    '/authorize',
    '/connections/dingtalk/authorize',
    '/login/abc',
    '/continue/abc/phone',
    '/callback/dingtalk',
    '/bind/confirm/abc',
    '/entry/dingtalk',
    '/logout',
    '/logout/success',
    '/install/abc',
  ])('leave a window with the application that opened it: %s', (path) => {
    expect(headersOf('http://127.0.0.1:3000', path)).toEqual({
      ...strict,
      'Cross-Origin-Opener-Policy': 'unsafe-none',
    });
  });

  it.each(['/account', '/account/signed-in', '/docs', '/loginx', '/api/v1/connections'])(
    'take a window from whoever opened it: %s',
    (path) => {
      expect(headersOf('http://127.0.0.1:3000', path)).toEqual(strict);
    },
  );
});
