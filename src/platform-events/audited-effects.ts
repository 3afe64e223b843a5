import { Injectable } from '@nestjs/common';

import type { EventEffect } from '../auth/providers/platform-events.js';
import { AuditService } from '../audit/audit.service.js';
import { EventEffects, type EventSource } from './event-effects.js';

/** Writes down what follows from an event, and changes nobody. */
@Injectable()
export class AuditedEffects extends EventEffects {
  constructor(private readonly audit: AuditService) {
    super();
  }

  override apply(effects: readonly EventEffect[], event: EventSource): Promise<void> {
    const { connection, channel, type, sentAt } = event;
    for (const { kind, ...about } of effects)
      this.audit.record({
        action: `platform_event.${kind}`,
        outcome: 'ok',
        connection,
        details: { channel, type, sentAt: sentAt.toISOString(), ...about },
      });
    return Promise.resolve();
  }
}
