import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../../../common/clock.js';
import { Encryption } from '../../../common/encryption.js';
import { readAs } from '../../../common/faults.js';
import { Logger } from '../../../common/logger.js';
import { RefreshedSnapshot } from '../../../common/refreshed-snapshot.js';
import { Config } from '../../../config/config.js';
import { ClientFields } from './client.fields.js';
import { ownClient } from './own-client.js';

/** An application that sends its users here. */
export type RegisteredClient = Readonly<ClientFields>;

/** What a machine may be allowed to do through our API; the bootstrap client may do all of it. */
export const adminScopes = [
  'connections:read',
  'connections:write',
  'platform-tokens:read',
  'jsapi:sign',
  'accounts:read',
  'accounts:write',
  'clients:read',
  'clients:write',
  'keys:write',
  'audit:read',
  'webhooks:read',
  'webhooks:write',
];

interface Row {
  readonly client_id: string;
  readonly settings: Record<string, unknown>;
  readonly secrets: string;
}

const maxAgeMs = 3000;

/** Every enabled client, in memory: looking one up costs no query, and more than a hundred cost no more than one. */
@Injectable()
export class ClientRegistry {
  readonly #all: RefreshedSnapshot<ReadonlyMap<string, RegisteredClient>>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly config: Config,
    clock: Clock,
    logger: Logger,
  ) {
    this.#all = new RefreshedSnapshot(clock, maxAgeMs, {
      version: () => this.#version(),
      load: () => this.#load(),
      onStale: (error) =>
        logger.warn({ err: error }, 'clients could not be read again; going on with those known'),
    });
  }

  async find(clientId: string): Promise<RegisteredClient | undefined> {
    return (await this.#all.get()).get(clientId);
  }

  async list(): Promise<readonly RegisteredClient[]> {
    return [...(await this.#all.get()).values()];
  }

  /** Sees changes now instead of within seconds. */
  async refresh(): Promise<void> {
    await this.#all.refresh();
  }

  async #version(): Promise<string> {
    const [row] = await this.dataSource.query<{ version: string | null }[]>(
      // `xmin` changes with every write, also one by hand that leaves `updated_at` alone.
      `select md5(string_agg(client_id || ' ' || xmin, ',' order by client_id)) as version from clients`,
    );
    return row?.version ?? '';
  }

  async #load(): Promise<ReadonlyMap<string, RegisteredClient>> {
    const rows = await this.dataSource.query<Row[]>(
      `select client_id, settings, secrets from clients where enabled order by created_at, client_id`,
    );
    const stored = rows.map((row) => {
      const secrets = JSON.parse(
        this.encryption.decrypt(row.secrets, `client:${row.client_id}`),
      ) as object;
      return readAs(ClientFields, { clientId: row.client_id, ...row.settings, ...secrets }).value;
    });
    const bootstrap = this.#bootstrap();
    return new Map(
      [...stored, ...(bootstrap ? [bootstrap] : []), ownClient(this.config.issuerUrl)].map(
        (client) => [client.clientId, client],
      ),
    );
  }

  #bootstrap(): RegisteredClient | undefined {
    const { adminClient } = this.config;
    if (!adminClient) return undefined;
    return Object.assign(new ClientFields(), {
      ...adminClient,
      displayName: adminClient.clientId,
      grantTypes: ['client_credentials'],
      scopes: adminScopes,
    });
  }
}
