import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { Platform, Provider } from '../auth/providers/provider.js';
import { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { readAs } from '../common/faults.js';
import { Logger } from '../common/logger.js';
import { RefreshedSnapshot } from '../common/refreshed-snapshot.js';
import { openProvider } from './connection.definition.js';
import { ConnectionFields } from './connection.fields.js';
import { ConnectionTools } from './connection-tools.js';

/** A configured app on a platform, ready for use. */
export interface OpenConnection {
  readonly id: string;
  readonly slug: string;
  readonly platform: Platform;
  readonly displayName: string;
  readonly enabled: boolean;
  readonly signUp: 'auto' | 'existing';
  readonly matchPhone: boolean;
  readonly defaultRoles: readonly string[];
  readonly syncProfile: 'on-create' | 'every-login';
  readonly jsapiOrigins: readonly string[];
  readonly domainVerification: Readonly<Record<string, string>>;
  readonly provider: Provider;
}

interface Row {
  readonly id: string;
  readonly slug: string;
  readonly platform: Platform;
  readonly enabled: boolean;
  readonly settings: Record<string, unknown>;
  readonly secrets: string;
  readonly updated_at: Date;
}

interface Kept extends OpenConnection {
  readonly version: string;
}

const maxAgeMs = 3000;

/** Every connection, open, in memory: looking one up costs no query. */
@Injectable()
export class ConnectionRegistry {
  readonly #all: RefreshedSnapshot<ReadonlyMap<string, Kept>>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly tools: ConnectionTools,
    clock: Clock,
    logger: Logger,
  ) {
    this.#all = new RefreshedSnapshot(clock, maxAgeMs, {
      version: () => this.#version(),
      load: (previous) => this.#load(previous),
      onStale: (error) =>
        logger.warn(
          { err: error },
          'connections could not be read again; going on with those known',
        ),
    });
  }

  async find(slug: string): Promise<OpenConnection | undefined> {
    return (await this.#all.get()).get(slug);
  }

  /** All, disabled ones too, in the order in which they were made. */
  async list(): Promise<readonly OpenConnection[]> {
    return [...(await this.#all.get()).values()];
  }

  /** Sees changes now instead of within seconds. */
  async refresh(): Promise<void> {
    await this.#all.refresh();
  }

  async #version(): Promise<string> {
    const [row] = await this.dataSource.query<{ version: string | null }[]>(
      `select md5(string_agg(slug || updated_at || enabled, ',' order by slug)) as version from connections`,
    );
    return row?.version ?? '';
  }

  async #load(previous: ReadonlyMap<string, Kept> | undefined): Promise<ReadonlyMap<string, Kept>> {
    const rows = await this.dataSource.query<Row[]>(
      `select * from connections order by created_at, slug`,
    );
    return new Map(
      rows.map((row) => {
        const version = row.updated_at.toISOString();
        const known = previous?.get(row.slug);
        return [row.slug, known?.version === version ? known : this.#open(row, version)];
      }),
    );
  }

  #open(row: Row, version: string): Kept {
    const { slug, platform, enabled } = row;
    const secrets = JSON.parse(
      this.encryption.decrypt(row.secrets, `connection:${slug}`),
    ) as Record<string, string>;
    const common = { slug, platform, enabled };
    const { value: fields } = readAs(ConnectionFields, { ...common, ...row.settings });
    return Object.assign(fields, {
      id: row.id,
      version,
      provider: openProvider({ ...common, ...row.settings, ...secrets }, this.tools.for(slug)),
    });
  }
}
