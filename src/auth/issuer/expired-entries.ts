import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

import { Logger } from '../../common/logger.js';
import { OidcStore } from './oidc-store.js';

const everyMs = 5 * 60_000;

/** Sweeps out what expired, so that the tables stay as small as what is live. */
@Injectable()
export class ExpiredEntries implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: OidcStore,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    // Replicas that started together do not sweep together.
    this.#timer = setInterval(
      () => void this.#sweep(),
      everyMs * (0.8 + Math.random() * 0.4),
    ).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  async #sweep(): Promise<void> {
    try {
      await this.store.deleteExpired();
    } catch (error) {
      this.logger.warn({ err: error }, 'expired entries could not be deleted; the next sweep will');
    }
  }
}
