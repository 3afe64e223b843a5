import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the application remembers of a browser. */
export interface DemoSession {
  /** A sign-in that is under way. */
  pending?: { readonly verifier: string; readonly state: string; readonly nonce: string };
  tokens?: { accessToken: string; refreshToken?: string; idToken: string; claims: object };
}

const cookieName = 'demo_session';

/** Sessions on the server, found by a random cookie. */
export class Sessions {
  readonly #all = new Map<string, DemoSession>();

  of(request: IncomingMessage, response: ServerResponse): DemoSession {
    const id = new RegExp(`${cookieName}=([\\w-]{43})`).exec(request.headers.cookie ?? '')?.[1];
    const known = id && this.#all.get(id);
    if (known) return known;
    const fresh: DemoSession = {};
    const newId = randomBytes(32).toString('base64url');
    this.#all.set(newId, fresh);
    response.appendHeader('Set-Cookie', `${cookieName}=${newId}; Path=/; HttpOnly; SameSite=Lax`);
    return fresh;
  }
}
