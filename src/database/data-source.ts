import { AbstractLogger, DataSource } from 'typeorm';

import { Account } from '../account-binding/account.entity.js';
import { Identity } from '../account-binding/identity.entity.js';
import type { Secret } from '../common/secret.js';
import { outsideWork } from '../common/work-context.js';
import { migrations } from './migrations.js';

/**
 * The one way to Postgres. It is made before the database is there and initialised when it is; the schema changes by
 * migration only.
 */
export function createDataSource(
  url: Secret,
  poolSize: number,
  onPoolError: (error: unknown) => void,
): DataSource {
  const dataSource: DataSource = new DataSource({
    type: 'postgres',
    url: url.reveal(),
    applicationName: 'lingpai',
    entities: [Account, Identity],
    migrations,
    synchronize: false,
    migrationsRun: false,
    logger: new NoLogger(),
    // TypeORM would add one for ids that Postgres makes without it, which takes a superuser.
    installExtensions: false,
    poolSize,
    connectTimeoutMS: 5000,
    // An idle connection that breaks must not end the process; the pool makes a new one when it needs one.
    poolErrorHandler: (error: unknown) => {
      // What breaks while we take our leave is no news.
      // A connection was made for some request, and has served many since.
      if (dataSource.isInitialized) outsideWork(() => onPoolError(error));
    },
    extra: { keepAlive: true, idleTimeoutMillis: 30_000, statement_timeout: 15_000 },
  });
  return dataSource;
}

/** What fails is thrown, and logged by whoever catches it; TypeORM would print it past our log. */
class NoLogger extends AbstractLogger {
  protected override writeLog(): void {
    // Nothing is written.
  }
}
