import { Injectable } from '@nestjs/common';

import type { EventEffect } from '../../auth/providers/platform-events.js';
import { EventEffects, type EventSource } from '../../platform-events/event-effects.js';
import { isDeadlock } from '../unique-violation.js';
import { PersonLeaving } from './person-leaving.js';
import { PersonRenaming } from './person-renaming.js';
import { TenantLeaving } from './tenant-leaving.js';

/** Two that take the same rows in turns wait for each other now and then; Postgres ends one of them, which tries again. */
const attempts = 3;

/**
 * What platforms' events mean for accounts. An effect reaches identities of its own issuer alone, as the same id in another corp is another
 * person; it disables no account and deletes no identity. Each is a transaction that does no harm when it is done twice.
 */
@Injectable()
export class Leavers extends EventEffects {
  constructor(
    private readonly leaving: PersonLeaving,
    private readonly renaming: PersonRenaming,
    private readonly tenants: TenantLeaving,
  ) {
    super();
  }

  override async apply(effects: readonly EventEffect[], event: EventSource): Promise<void> {
    for (const effect of effects) await this.#untilApplied(effect, event);
  }

  async #untilApplied(effect: EventEffect, event: EventSource): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#applyOne(effect, event);
      } catch (error) {
        if (!isDeadlock(error) || attempt === attempts) throw error;
      }
    }
  }

  #applyOne(effect: EventEffect, event: EventSource): Promise<void> {
    switch (effect.kind) {
      case 'person-left':
        return this.leaving.apply(effect, event);
      case 'person-renamed':
        return this.renaming.apply(effect, event);
      case 'tenant-left':
        return this.tenants.apply(effect, event);
    }
  }
}
