import { Injectable } from '@nestjs/common';

import { ClientRegistry } from './clients/client.registry.js';

/** The web origins of applications: those of their registered redirect URIs, and no other. */
@Injectable()
export class RegisteredOrigins {
  constructor(private readonly clients: ClientRegistry) {}

  /** @param origin as a browser says it, e.g. `https://portal.example.com` */
  async has(origin: string): Promise<boolean> {
    const clients = await this.clients.list();
    return clients.some((client) => client.redirectUris.some((uri) => webOriginOf(uri) === origin));
  }
}

/** The web origin of a URI; a native application's own scheme has none, and neither has `javascript:`. */
export function webOriginOf(uri: string): string | undefined {
  const origin = URL.canParse(uri) ? new URL(uri).origin : 'null';
  return origin === 'null' ? undefined : origin;
}
