import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** The verifier that the README shows, as it stands there, in a process of its own; only the key set is ours. */
const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(resolve(root, 'README.md'), 'utf8');
const shown = /^```js\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? '';
const keySet = 'https://id.example.com/.well-known/jwks.json';

const ours = await generateKeyPair('RS256');
const foreign = await generateKeyPair('RS256');
let server: Server;

beforeAll(async () => {
  const key = { ...(await exportJWK(ours.publicKey)), kid: 'a', alg: 'RS256', use: 'sig' };
  server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [key] }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterAll(() => {
  server.close();
});

/** A token as Lingpai issues it, but for what is asked for. */
function token(
  claims: Readonly<Record<string, unknown>> = {},
  typ = 'at+jwt',
  key = ours.privateKey,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const good = {
    iss: 'https://id.example.com',
    aud: 'https://api.example.com',
    sub: 'account-1',
    client_id: 'portal',
    iat: now,
    exp: now + 600,
  };
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'a', typ })
    .sign(key);
}

it('takes a good access token and refuses every other', async () => {
  const { port } = server.address() as AddressInfo;
  expect(shown).toContain(keySet);
  const program = `${shown.replace(keySet, `http://127.0.0.1:${port}/`)}
    const answers = process.argv.slice(1).map((each) => verify(each).then(({ sub }) => sub, ({ code }) => code));
    console.log(JSON.stringify(await Promise.all(answers)));`;
  const tokens = await Promise.all([
    token(),
    token({ iss: 'https://other.example.com' }),
    token({ aud: 'https://other.example.com' }),
    token({ exp: 1_700_000_000 }),
    token({}, 'JWT'),
    token({}, 'at+jwt', foreign.privateKey),
  ]);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program, ...tokens],
    { cwd: root },
  );
  expect(JSON.parse(stdout)).toEqual([
    'account-1',
    'ERR_JWT_CLAIM_VALIDATION_FAILED',
    'ERR_JWT_CLAIM_VALIDATION_FAILED',
    'ERR_JWT_EXPIRED',
    'ERR_JWT_CLAIM_VALIDATION_FAILED',
    'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  ]);
});
