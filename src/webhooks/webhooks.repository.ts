import { randomBytes, randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { rowVersion } from '../database/row-version.js';
import type { SealedColumnShape } from '../database/sealed-column.js';
import { checkIfMatch } from '../common/entity-tag.js';
import { notFound } from '../common/identifiers.js';
import type { ChangeWebhookDto, CreateWebhookDto, WebhookView } from './webhooks.dto.js';

/** A webhook with what tells its versions apart. */
export type StoredWebhook = WebhookView & { readonly version: string };

const version = rowVersion(['url', 'description', 'events', 'enabled']);
const columns = `id, url, description, events, enabled, created_at as "createdAt", updated_at as "updatedAt", ${version} as version`;

/** Webhooks in Postgres; their secrets sealed. */
@Injectable()
export class WebhooksRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
  ) {}

  list(after: string | undefined, limit: number): Promise<StoredWebhook[]> {
    return this.dataSource.query<StoredWebhook[]>(
      `select ${columns} from webhooks where $1::uuid is null or id > $1 order by id limit $2`,
      [after ?? null, limit],
    );
  }

  /** @throws AppError `webhook_not_found` */
  async read(id: string): Promise<StoredWebhook> {
    const [row] = await this.dataSource.query<StoredWebhook[]>(
      `select ${columns} from webhooks where id = $1`,
      [id],
    );
    if (!row) throw notFound('webhook');
    return row;
  }

  /** @returns the id, and the secret, which nobody sees again */
  async create(
    { url, description, enabled }: CreateWebhookDto,
    events: readonly string[],
  ): Promise<{ id: string; secret: string }> {
    const id = randomUUID();
    const secret = newSecret();
    await this.dataSource.query(
      `insert into webhooks (id, url, description, events, enabled, secret, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $7)`,
      [
        id,
        url,
        description ?? null,
        [...events],
        enabled ?? true,
        this.#seal(id, secret),
        this.clock.now(),
      ],
    );
    return { id, secret };
  }

  /** @throws AppError `webhook_not_found`, `precondition_failed` */
  async change(
    id: string,
    changes: ChangeWebhookDto,
    ifMatch: string | undefined,
  ): Promise<StoredWebhook> {
    return this.dataSource.transaction(async (manager) => {
      const [before] = await manager.query<StoredWebhook[]>(
        `select ${columns} from webhooks where id = $1 for update`,
        [id],
      );
      if (!before) throw notFound('webhook');
      checkIfMatch(ifMatch, before.version);
      const [[after]] = await manager.query<[StoredWebhook[], number]>(
        `update webhooks set url = $2, description = $3, events = $4, enabled = $5, updated_at = $6 where id = $1
         returning ${columns}`,
        [
          id,
          changes.url ?? before.url,
          changes.description === undefined ? before.description : changes.description,
          changes.events ?? before.events,
          changes.enabled ?? before.enabled,
          this.clock.now(),
        ],
      );
      if (!after) throw notFound('webhook');
      return after;
    });
  }

  /** @returns the new secret; deliveries are signed with it from now on */
  async renewSecret(id: string): Promise<string> {
    const secret = newSecret();
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update webhooks set secret = $2, updated_at = $3 where id = $1`,
      [id, this.#seal(id, secret), this.clock.now()],
    );
    if (count === 0) throw notFound('webhook');
    return secret;
  }

  async delete(id: string): Promise<void> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `delete from webhooks where id = $1`,
      [id],
    );
    if (count === 0) throw notFound('webhook');
  }

  /**
   * The receiver at this URL is gone for good; one that was moved on meanwhile is another.
   * @returns whether this call disabled it
   */
  async disable(id: string, url: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update webhooks set enabled = false, updated_at = $3 where id = $1 and url = $2 and enabled`,
      [id, url, this.clock.now()],
    );
    return count > 0;
  }

  /** @param sealed the `secret` column */
  openSecret(id: string, sealed: string): string {
    return this.encryption.decrypt(sealed, contextOf(id));
  }

  #seal(id: string, secret: string): string {
    return this.encryption.encrypt(secret, contextOf(id));
  }
}

/** Where they are sealed. */
export const sealedWebhookSecrets: SealedColumnShape = {
  name: 'webhooks',
  table: 'webhooks',
  column: 'secret',
  key: { id: 'uuid' },
  context: ({ id = '' }) => contextOf(id),
};

function contextOf(id: string): string {
  return `webhook:${id}`;
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
