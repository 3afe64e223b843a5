import type { RequestListener } from 'node:http';

import { ExpressAdapter } from '@nestjs/platform-express';

import { GuardedServer } from './guarded-server.js';
import type { HttpLimits } from './http-limits.js';

/** Nest on Express, on our own server. */
export class GuardedAdapter extends ExpressAdapter {
  #guarded: GuardedServer | undefined;

  constructor(private readonly limits: HttpLimits) {
    super();
  }

  get guarded(): GuardedServer {
    if (!this.#guarded) throw new Error('the application was not made yet');
    return this.#guarded;
  }

  override initHttpServer(): void {
    this.#guarded = new GuardedServer(this.limits, this.getInstance<RequestListener>());
    this.setHttpServer(this.#guarded.server);
  }

  override close(): Promise<void> {
    return this.guarded.close();
  }
}
