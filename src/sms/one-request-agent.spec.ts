import { createServer } from 'node:http';
import { createServer as createSecureServer, request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';

import { expect, it } from '@jest/globals';

import { Secret } from '../common/secret.js';
import { oneRequestAgent } from './one-request-agent.js';

/** A key that both sides know, in place of a certificate. */
const shared = {
  ciphers: 'PSK-AES256-GCM-SHA384',
  maxVersion: 'TLSv1.2',
} as const;
const psk = Buffer.from('c0ffee00c0ffee00c0ffee00c0ffee00', 'hex');

it('speaks TLS with the server itself, also through a proxy, and only once', async () => {
  const names: (string | false | undefined)[] = [];
  const server = createSecureServer({ ...shared, pskCallback: () => psk }, (asked, response) => {
    names.push((asked.socket as { servername?: string | false }).servername);
    response.end('reached');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const passed: Buffer[] = [];
  const proxy = createServer();
  proxy.on('connect', ({ url }: { url?: string }, socket) => {
    expect(url).toBe(`localhost:${port}`);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    socket.on('data', (chunk: Buffer) => passed.push(chunk));
    const onward = connect(port, '127.0.0.1');
    onward.pipe(socket).pipe(onward);
    for (const each of [onward, socket]) each.on('error', () => undefined);
    // The proxy's server has let go of it, and would leave it half open.
    onward.once('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  const base = new URL(`https://localhost:${port}`);
  const agent = oneRequestAgent(base, new Secret(proxyUrl));
  const ask = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = {
        ...shared,
        agent,
        pskCallback: () => ({ psk, identity: 'lingpai' }),
        checkServerIdentity: () => undefined,
        headers: { 'x-code': '012345' },
      };
      request(base, options, (reply) => {
        reply.setEncoding('utf8').once('data', resolve);
      })
        .once('error', reject)
        .end();
    });
  expect(await ask()).toBe('reached');
  expect(names).toEqual(['localhost']);
  expect(passed.length).toBeGreaterThan(0);
  expect(Buffer.concat(passed).toString('latin1')).not.toContain('012345');
  await expect(ask()).rejects.toThrow('redirected, which is not followed');

  for (const each of [server, proxy]) {
    each.closeAllConnections();
    each.close();
  }
});
