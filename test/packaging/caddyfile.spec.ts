import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { httpLimits } from '../../src/http-server/http-limits.js';
import { caddyHere } from '../fixtures/caddy.js';
import { readCompose, readEnvFile } from './compose-files.js';
import { groups, read, root } from './files.js';

const file = join(root, 'deploy/caddy/Caddyfile');
const caddyfile = read('deploy/caddy/Caddyfile');
const upstreams = 'lingpai-1:3000 lingpai-2:3000';

/** What Caddy makes of our configuration, as JSON; nothing is started. */
function adapt(env: Readonly<Record<string, string>>): string {
  const words = ['adapt', '--adapter', 'caddyfile', '--config', file];
  return execFileSync('caddy', words, { env, encoding: 'utf8', stdio: 'pipe' });
}

describe('the Caddyfile', () => {
  it('asks for no variable that the compose file does not set, but for the port of plain HTTP', () => {
    const set = readCompose('docker-compose.yml').services['proxy']?.environment ?? {};
    const asked = new Set(groups(caddyfile, /\{\$([A-Z_]+)/g));
    expect([...asked].sort()).toEqual([...Object.keys(set), 'HTTP_PORT'].sort());
  });
});

(caddyHere ? describe : describe.skip)('the Caddyfile, as Caddy reads it', () => {
  const compose = readCompose('docker-compose.yml', readEnvFile('.env.example'));

  it('is in Caddy’s own style', () => {
    const formatted = execFileSync('caddy', ['fmt', file]);
    expect(formatted.toString()).toBe(caddyfile);
  });

  it('is valid with what the compose file sets', () => {
    const words = ['--adapter', 'caddyfile', '--config', file];
    const env = { ...compose.services['proxy']?.environment, HOME: '/nowhere' };
    const said = execFileSync('caddy', ['validate', ...words], { env, stdio: 'pipe' });
    expect(said.toString()).toContain('Valid configuration');
  });

  it.each([
    [
      'a certificate of its own',
      'https://id.example.com',
      'tls /a/chain.pem /a/key.pem',
      '/a/key.pem',
    ],
    ['TLS that ends before it', ':80', '', '":80"'],
  ])('can be told of %s', (_what, site, tls, expected) => {
    const adapted = adapt({ SITE_ADDRESS: site, SITE_TLS: tls, UPSTREAMS: upstreams });
    expect(adapted).toContain(expected);
    expect(adapted).toContain('"dial":"lingpai-1:3000"');
    expect(adapted).toContain('"dial":"lingpai-2:3000"');
  });

  it('lets a connection to a replica go before the replica does, and takes headers no longer than it', () => {
    const adapted = adapt({ SITE_ADDRESS: ':80', UPSTREAMS: upstreams });
    const idleMs = Number(groups(adapted, /"keep_alive":\{"idle_timeout":(\d+)/g)[0]) / 1e6;
    expect(idleMs).toBe(30_000);
    expect(idleMs).toBeLessThan(httpLimits.keepAliveMs);
    const headerBytes = Number(groups(adapted, /"max_header_bytes":(\d+)/g)[0]);
    expect(headerBytes).toBe(16_000);
    expect(headerBytes).toBeLessThanOrEqual(httpLimits.headerBytes);
  });
});
