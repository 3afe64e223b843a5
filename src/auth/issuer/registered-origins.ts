import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Config } from '../../config/config.js';
import { ClientRegistry } from './clients/client.registry.js';

/** Lets browser applications in from the origins of registered redirect URIs, and from nowhere else. */
@Injectable()
export class RegisteredOrigins {
  constructor(
    private readonly config: Config,
    private readonly clients: ClientRegistry,
  ) {}

  /** Our own origin. */
  get own(): string {
    return this.config.issuerUrl;
  }

  /**
   * Sets the CORS headers of an answer.
   * @returns whether this was a preflight that is answered now
   */
  async answerCors(request: Request, response: Response, methods: string): Promise<boolean> {
    const origin = request.get('origin');
    const allowed = origin !== undefined && (await this.#isRegistered(origin));
    response.vary('Origin');
    response.setHeader('Access-Control-Allow-Origin', allowed ? origin : this.own);
    if (request.method !== 'OPTIONS') return false;
    if (allowed) {
      response.setHeader('Access-Control-Allow-Methods', methods);
      response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type');
      response.setHeader('Access-Control-Max-Age', '600');
    }
    response.status(204).end();
    return true;
  }

  async #isRegistered(origin: string): Promise<boolean> {
    const clients = await this.clients.list();
    return clients.some((client) => client.redirectUris.some((uri) => webOriginOf(uri) === origin));
  }
}

/** The web origin of a URI; a native application's own scheme has none, and neither has `javascript:`. */
export function webOriginOf(uri: string): string | undefined {
  const origin = URL.canParse(uri) ? new URL(uri).origin : 'null';
  return origin === 'null' ? undefined : origin;
}
