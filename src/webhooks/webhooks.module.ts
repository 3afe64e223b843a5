import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { SealedPlaces } from '../database/sealed-places.js';
import { HealthModule } from '../health/health.module.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { DeliveryQueue } from './delivery-queue.js';
import { Dispatcher } from './dispatcher.js';
import { Outbox } from './outbox.js';
import { WebhookAdministration } from './webhook-administration.js';
import { WebhookSender } from './webhook-sender.js';
import { WebhooksController } from './webhooks.controller.js';
import { sealedWebhookSecrets, WebhooksRepository } from './webhooks.repository.js';

/** Tells the company's systems what happens to accounts: at least once, signed, from an outbox. */
@Module({
  imports: [AuditModule, HealthModule],
  controllers: [WebhooksController],
  providers: [
    DeliveriesRepository,
    DeliveryQueue,
    Dispatcher,
    Outbox,
    WebhookAdministration,
    WebhookSender,
    WebhooksRepository,
  ],
})
export class WebhooksModule {
  constructor(places: SealedPlaces) {
    places.addColumn(sealedWebhookSecrets);
  }
}
