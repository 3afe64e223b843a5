import { createServer } from 'node:http';

import { generateKeyPair, SignJWT } from 'jose';
import pg from 'pg';
import { Pool } from 'undici';

/**
 * The least that a sign-in can cost: the same platform calls on kept-alive connections, one row in Postgres, the same two
 * tokens. No sessions, no states, no checks. Run as a process of its own; prints its port.
 */
const platform = new Pool(process.env['PLATFORM_URL'] ?? '', { connections: 64 });
const database = new pg.Pool({ connectionString: process.env['DATABASE_URL'] ?? '', max: 10 });
await database.query(
  'create table if not exists floor_sign_ins (id bigserial primary key, subject text, at timestamptz)',
);
const { privateKey } = await generateKeyPair('RS256');

async function call(
  path: string,
  method: 'GET' | 'POST',
  json?: unknown,
  token?: string,
): Promise<Record<string, unknown>> {
  const { body } = await platform.request({
    path,
    method,
    headers: {
      'content-type': 'application/json',
      ...(token && { 'x-acs-dingtalk-access-token': token }),
    },
    body: json === undefined ? null : JSON.stringify(json),
  });
  return (await body.json()) as Record<string, unknown>;
}

function sign(type: string, claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: type, kid: 'floor' })
    .setIssuer('http://floor')
    .setAudience('bench')
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(privateKey);
}

async function signIn(code: string): Promise<unknown> {
  const granted = await call('/v1.0/oauth2/userAccessToken', 'POST', {
    code,
    clientId: 'a',
    clientSecret: 'b',
    grantType: 'authorization_code',
  });
  const me = await call('/v1.0/contact/users/me', 'GET', undefined, String(granted['accessToken']));
  await call('/topapi/user/getbyunionid?access_token=app-token', 'POST', {
    unionid: me['unionId'],
  });
  await database.query('insert into floor_sign_ins (subject, at) values ($1, now())', [
    me['unionId'],
  ]);
  const [access, id] = await Promise.all([
    sign('at+jwt', { sub: me['unionId'], client_id: 'bench', scope: 'openid profile', roles: [] }),
    sign('JWT', { sub: me['unionId'], name: me['nick'] }),
  ]);
  return { access_token: access, id_token: id };
}

const server = createServer((request, response) => {
  const code = new URL(request.url ?? '', 'http://floor').searchParams.get('code') ?? '';
  signIn(code).then(
    (tokens) => response.setHeader('content-type', 'application/json').end(JSON.stringify(tokens)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${address !== null && typeof address === 'object' ? address.port : 0}\n`);
});
