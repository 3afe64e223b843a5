import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { SignUp } from '../account-binding/binding-rules.js';
import type { AnyProvider, Platform } from '../auth/providers/provider.js';
import { Clock } from '../common/clock.js';
import { Encryption, UnreadableSecretError } from '../common/encryption.js';
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
  readonly signUp: SignUp;
  readonly askAdministrator: boolean;
  readonly matchPhone: boolean;
  readonly defaultRoles: readonly string[];
  readonly syncProfile: 'on-create' | 'every-login';
  readonly jsapiOrigins: readonly string[];
  readonly domainVerification: Readonly<Record<string, string>>;
  readonly provider: AnyProvider;
}

interface Row {
  readonly id: string;
  readonly slug: string;
  readonly platform: Platform;
  readonly enabled: boolean;
  readonly settings: Record<string, unknown>;
  readonly secrets: string;
  /** The transaction that wrote the row: changes with every write, also one by hand that leaves `updated_at` alone. */
  readonly version: string;
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
    private readonly logger: Logger,
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

  /** All that can be opened, disabled ones too, in the order in which they were made. */
  async list(): Promise<readonly OpenConnection[]> {
    return [...(await this.#all.get()).values()];
  }

  /** Sees changes now instead of within seconds. */
  async refresh(): Promise<void> {
    await this.#all.refresh();
  }

  async #version(): Promise<string> {
    const [row] = await this.dataSource.query<{ version: string | null }[]>(
      `select md5(string_agg(slug || ' ' || xmin, ',' order by slug)) as version from connections`,
    );
    return row?.version ?? '';
  }

  async #load(previous: ReadonlyMap<string, Kept> | undefined): Promise<ReadonlyMap<string, Kept>> {
    const rows = await this.dataSource.query<Row[]>(
      `select *, xmin::text as version from connections order by created_at, slug`,
    );
    const open = rows.flatMap((row) => {
      const known = previous?.get(row.slug);
      return known?.version === row.version ? [known] : this.#openUnlessRetired(row);
    });
    return new Map(open.map((connection) => [connection.slug, connection]));
  }

  /** What is disabled for good may have been written for an older version: it must not keep the others from opening. */
  #openUnlessRetired(row: Row): Kept[] {
    try {
      return [this.#open(row)];
    } catch (error) {
      if (row.enabled || error instanceof UnreadableSecretError) throw error;
      this.logger.warn(
        { err: error, connection: row.slug },
        'a disabled connection cannot be opened any more and is left out',
      );
      return [];
    }
  }

  #open(row: Row): Kept {
    const { slug, platform, enabled, version } = row;
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
