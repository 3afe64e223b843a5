import { createHash, randomBytes } from 'node:crypto';

import { Pool } from 'undici';

/** A browser and an application in one: walks a whole sign-in, answering for the platform's page itself. */
export class SignInClient {
  readonly #pool: Pool;

  constructor(
    issuer: string,
    private readonly people: number,
  ) {
    this.#pool = new Pool(issuer, { connections: 64 });
  }

  /** `/authorize` → hand-off → callback → resume → `/token`. */
  async signIn(index: number): Promise<void> {
    const cookies = new Map<string, string>();
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: 'bench',
      redirect_uri: 'http://localhost:9/callback',
      response_type: 'code',
      scope: 'openid profile offline_access',
      state: 'bench',
      connection: 'dingtalk',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const handOff = await this.#get(`/authorize?${query.toString()}`, cookies);
    const platform = await this.#get(handOff, cookies);
    const state = new URL(platform).searchParams.get('state') ?? '';
    const code = `p${index % this.people}-${randomBytes(8).toString('hex')}`;
    const resume = await this.#get(
      `/callback/dingtalk?state=${state}&authCode=${code}&code=${code}`,
      cookies,
    );
    const back = new URL(await this.#get(new URL(resume).pathname, cookies));
    await this.#redeem(back.searchParams.get('code') ?? '', verifier);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #get(path: string, cookies: Map<string, string>): Promise<string> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const { headers, statusCode, body } = await this.#pool.request({
      path,
      method: 'GET',
      headers: { cookie },
    });
    const text = await body.text();
    for (const header of [headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = header.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    if (typeof headers.location !== 'string')
      throw new Error(`${path.split('?')[0] ?? ''}: ${statusCode} ${text.slice(0, 300)}`);
    return headers.location;
  }

  async #redeem(code: string, verifier: string): Promise<void> {
    const { statusCode, body } = await this.#pool.request({
      path: '/token',
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: 'bench',
        client_secret: 'bench-secret-Zk3vQ9sN7x',
        redirect_uri: 'http://localhost:9/callback',
        code,
        code_verifier: verifier,
      }).toString(),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`/token: ${statusCode} ${text}`);
  }
}
