import { Injectable } from '@nestjs/common';

import { accountEventTypes } from '../account-binding/account-events.js';
import { AuditService } from '../audit/audit.service.js';
import type { Actor } from '../common/access.js';
import { AppError } from '../common/app-error.js';
import { notFound, uuidPattern } from '../common/identifiers.js';
import {
  cursorShapes,
  type PageOf,
  pageOf,
  type PageQuery,
  readCursor,
} from '../common/page-of.js';
import { Config } from '../config/config.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import type {
  ChangeWebhookDto,
  CreateWebhookDto,
  DeliveryQuery,
  DeliveryView,
  DeliveryWithBody,
  WebhookView,
} from './webhooks.dto.js';
import { type StoredWebhook, WebhooksRepository } from './webhooks.repository.js';

/** Who is told what happens to accounts, as administrators decide it. */
@Injectable()
export class WebhookAdministration {
  constructor(
    private readonly config: Config,
    private readonly webhooks: WebhooksRepository,
    private readonly deliveries: DeliveriesRepository,
    private readonly audit: AuditService,
  ) {}

  async page({ cursor, limit }: PageQuery): Promise<PageOf<WebhookView>> {
    const [after] = cursor === undefined ? [] : readCursor(cursor, [cursorShapes.uuid]);
    const rows = await this.webhooks.list(after, limit + 1);
    return pageOf(rows, limit, viewOf, ({ id }) => [id]);
  }

  /** @throws AppError `webhook_not_found` */
  async read(id: string): Promise<StoredWebhook> {
    if (!uuidPattern.test(id)) throw notFound('webhook');
    return this.webhooks.read(id);
  }

  /** @throws AppError `value_not_allowed` */
  async create(
    body: CreateWebhookDto,
    actor: Actor,
  ): Promise<{ stored: StoredWebhook; secret: string }> {
    this.#checkUrl(body.url);
    const { id, secret } = await this.webhooks.create(body, body.events ?? accountEventTypes);
    this.#note('webhook.create', id, actor);
    return { stored: await this.webhooks.read(id), secret };
  }

  /** @throws AppError `webhook_not_found`, `precondition_failed`, `value_not_allowed` */
  async change(
    id: string,
    changes: ChangeWebhookDto,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<StoredWebhook> {
    await this.read(id);
    if (changes.url !== undefined) this.#checkUrl(changes.url);
    const stored = await this.webhooks.change(id, changes, ifMatch);
    // A field that was left out is there all the same, without a value.
    const changed = Object.entries(changes).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    );
    this.#note('webhook.update', id, actor, { changed });
    return stored;
  }

  /** @throws AppError `webhook_not_found` */
  async delete(id: string, actor: Actor): Promise<void> {
    await this.read(id);
    await this.webhooks.delete(id);
    this.#note('webhook.delete', id, actor);
  }

  /** @throws AppError `webhook_not_found` */
  async renewSecret(id: string, actor: Actor): Promise<string> {
    await this.read(id);
    const secret = await this.webhooks.renewSecret(id);
    this.#note('webhook.secret', id, actor);
    return secret;
  }

  /** @throws AppError `webhook_not_found` */
  async test(id: string, actor: Actor): Promise<DeliveryWithBody> {
    await this.read(id);
    const delivery = await this.deliveries.test(id);
    this.#note('webhook.test', id, actor, { delivery: delivery.id });
    return delivery;
  }

  /** @throws AppError `webhook_not_found` */
  async deliveriesOf(
    id: string,
    { status, cursor, limit }: DeliveryQuery,
  ): Promise<PageOf<DeliveryView>> {
    await this.read(id);
    const [before] = cursor === undefined ? [] : readCursor(cursor, [cursorShapes.sequence]);
    const rows = await this.deliveries.list(id, status, before, limit + 1);
    return pageOf(
      rows,
      limit,
      ({ seq: _seq, ...view }) => view,
      ({ seq }) => [seq],
    );
  }

  /** @throws AppError `webhook_not_found`, `delivery_not_found` */
  async delivery(id: string, deliveryId: string): Promise<DeliveryWithBody> {
    await this.read(id);
    return this.deliveries.read(id, deliveryId);
  }

  /** @throws AppError `webhook_not_found`, `delivery_not_found` */
  async retry(id: string, deliveryId: string, actor: Actor): Promise<DeliveryWithBody> {
    await this.read(id);
    const delivery = await this.deliveries.retry(id, deliveryId);
    this.#note('webhook.retry', id, actor, { delivery: delivery.id });
    return delivery;
  }

  #checkUrl(url: string): void {
    if (!this.config.production || new URL(url).protocol === 'https:') return;
    throw new AppError('value_not_allowed', 'In production, webhooks go over https.', {
      errors: [{ field: 'url', message: 'must begin with https://' }],
    });
  }

  #note(action: string, webhook: string, actor: Actor, more: object = {}): void {
    this.audit.record({ action, outcome: 'ok', details: { webhook, ...more }, ...actor });
  }
}

export function viewOf({ version: _version, ...view }: StoredWebhook): WebhookView {
  return view;
}
