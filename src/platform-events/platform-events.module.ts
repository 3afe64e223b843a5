import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { AccountBindingModule } from '../account-binding/account-binding.module.js';
import { Leavers } from '../account-binding/leavers/leavers.js';
import { AuditModule } from '../audit/audit.module.js';
import { ConnectionsModule } from '../connections/connections.module.js';
import { SealedPlaces } from '../database/sealed-places.js';
import { HealthModule } from '../health/health.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { RequestLimitsModule } from '../request-limits/request-limits.module.js';
import { Callbacks } from './callbacks.js';
import { CallbacksController } from './callbacks.controller.js';
import { EventEffects } from './event-effects.js';
import { EventHandling } from './event-handling.js';
import { EventQueue, sealedEvents } from './event-queue.js';
import { EventWorker } from './event-worker.js';
import { readRawCallback } from './raw-callback.middleware.js';

/** What the platforms tell us of people and corps: taken in at once, worked off from a queue that survives a crash. */
@Module({
  imports: [
    AccountBindingModule,
    AuditModule,
    ConnectionsModule,
    HealthModule,
    RateLimitsModule,
    RequestLimitsModule,
  ],
  controllers: [CallbacksController],
  providers: [
    Callbacks,
    EventHandling,
    EventQueue,
    EventWorker,
    { provide: EventEffects, useExisting: Leavers },
  ],
})
export class PlatformEventsModule {
  constructor({ httpAdapter }: HttpAdapterHost, places: SealedPlaces) {
    // A module's own middleware would come after Nest's body parser.
    httpAdapter.use('/events', readRawCallback);
    places.addColumn(sealedEvents);
  }
}
