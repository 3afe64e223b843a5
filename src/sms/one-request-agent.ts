import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';

import type { Secret } from '../common/secret.js';

const connectLimitMs = 5000;

/**
 * Carries one request to one server, through a proxy where there is one, and refuses a second: a library that follows redirects would
 * hand the number and the code to whoever a redirect names.
 */
export function oneRequestAgent(base: URL, proxy: Secret | undefined): HttpAgent {
  const isSecure = base.protocol === 'https:';
  const agent = isSecure ? new HttpsAgent() : new HttpAgent();
  const connect = agent.createConnection.bind(agent);
  let used = false;
  agent.createConnection = (options, done = () => undefined) => {
    // The callback takes either; its type knows only success.
    const fail = done as (error: Error) => void;
    if (used) {
      fail(new Error('redirected, which is not followed'));
      return undefined;
    }
    used = true;
    if (!proxy) return connect(options, done);
    tunnel(new URL(proxy.reveal()), base).then((socket) => {
      if (!isSecure) done(null, socket);
      else {
        const secured = { ...options, socket } as Parameters<HttpsAgent['createConnection']>[0];
        const stream = connect(secured, done);
        if (stream) done(null, stream);
      }
    }, fail);
    return undefined;
  };
  return agent;
}

function tunnel(proxy: URL, base: URL): Promise<Duplex> {
  const target = `${base.hostname}:${base.port || (base.protocol === 'https:' ? 443 : 80)}`;
  const user = decodeURIComponent(`${proxy.username}:${proxy.password}`);
  const connect = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)(proxy, {
    method: 'CONNECT',
    path: target,
    headers: {
      host: target,
      ...(user !== ':' && {
        'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}`,
      }),
    },
    signal: AbortSignal.timeout(connectLimitMs),
    agent: false,
  });
  return new Promise((resolve, reject) => {
    connect.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(new Error(`OUTBOUND_PROXY answers HTTP ${statusCode ?? 0}`));
      }
    });
    connect.once('response', ({ statusCode }) => {
      connect.destroy();
      reject(new Error(`OUTBOUND_PROXY answers HTTP ${statusCode ?? 0}`));
    });
    connect.once('error', ({ name }) =>
      reject(new Error(`OUTBOUND_PROXY cannot be reached (${name})`)),
    );
    connect.end();
  });
}
