import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { ClientRegistry } from './auth/issuer/clients/client.registry.js';
import { SigningKeys } from './auth/issuer/signing-keys/signing-keys.js';
import { Logger } from './common/logger.js';
import { packageVersion } from './common/package-version.js';
import { Config } from './config/config.js';
import { ConnectionRegistry } from './connections/connection.registry.js';
import { Provisioning } from './connections/provisioning/provisioning.js';
import { migrate, refusePendingMigrations } from './database/migrator.js';
import { whenPostgresAnswers } from './database/retry.js';
import { Sweeper } from './database/sweeper.js';
import { Lifecycle } from './health/lifecycle.js';
import { KeyCheck } from './reencryption/key-check.js';

/** What happens between the open port and the first sign-in: database, schema, provisioning, keys. */
@Injectable()
export class Startup {
  constructor(
    private readonly config: Config,
    private readonly dataSource: DataSource,
    private readonly keyCheck: KeyCheck,
    private readonly provisioning: Provisioning,
    private readonly signingKeys: SigningKeys,
    private readonly connections: ConnectionRegistry,
    private readonly clients: ClientRegistry,
    private readonly lifecycle: Lifecycle,
    private readonly sweeper: Sweeper,
    private readonly logger: Logger,
  ) {}

  /**
   * Waits for Postgres as long as it takes.
   * @throws PendingMigrationsError, UnknownSecretKeysError, ProvisioningError, UnreadableSecretError: faults that waiting does not mend
   */
  async run(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
    const name = 'lingpai';
    const version = packageVersion();
    this.logger.info({ name, version }, 'Lingpai is starting');
    // All of it again when Postgres goes away on the way: each step finds what was done before.
    const done = await whenPostgresAnswers(() => this.#prepare(env), this.logger, signal);
    if (!done) return;
    const connections = await this.connections.list();
    const clients = await this.clients.list();
    this.lifecycle.run();
    this.sweeper.start();
    this.logger.info(
      {
        name,
        version,
        issuer: this.config.issuerUrl,
        host: this.config.host,
        port: this.config.port,
        connections: connections.length,
        clients: clients.length,
      },
      'Lingpai is ready',
    );
  }

  async #prepare(env: NodeJS.ProcessEnv): Promise<void> {
    if (!this.dataSource.isInitialized) await this.dataSource.initialize();
    if (this.config.migrateOnStart) await migrate(this.dataSource);
    else await refusePendingMigrations(this.dataSource);
    await this.keyCheck.run();
    await this.signingKeys.start();
    const { provisioningFile } = this.config;
    if (provisioningFile) await this.provisioning.apply(provisioningFile, env);
    await this.connections.refresh();
    await this.clients.refresh();
  }
}
