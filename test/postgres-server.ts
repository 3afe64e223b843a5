import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createDataSource } from '../src/database/data-source.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { migrate } from '../src/database/migrator.js';
import { Secret } from '../src/common/secret.js';
import { templateDatabase } from './fixtures/postgres.js';

/**
 * Starts one Postgres for the whole run, with a migrated database that each test file copies.
 * @returns what stops it
 */
export async function startTestPostgres(): Promise<() => Promise<void>> {
  let stop = (): Promise<void> => Promise.resolve();
  if (!process.env['LINGPAI_TEST_POSTGRES_URL']) {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-test-'));
    // Run by root, the server's user must get in; its data would be put elsewhere, and stay there.
    await chmod(folder, 0o711);
    const server = await startEmbeddedPostgres({
      folder,
      settings: [
        'fsync=off',
        'synchronous_commit=off',
        'full_page_writes=off',
        'max_connections=400',
      ],
    });
    process.env['LINGPAI_TEST_POSTGRES_URL'] = server.url;
    stop = async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    };
  }
  await makeTemplate(process.env['LINGPAI_TEST_POSTGRES_URL'] ?? '');
  return stop;
}

async function makeTemplate(serverUrl: string): Promise<void> {
  const admin = createDataSource(new Secret(serverUrl), 2, () => undefined);
  await admin.initialize();
  await admin.query(`drop database if exists ${templateDatabase}`);
  await admin.query(`create database ${templateDatabase}`);
  await admin.destroy();

  const url = new URL(serverUrl);
  url.pathname = `/${templateDatabase}`;
  const template = createDataSource(new Secret(url.href), 2, () => undefined);
  await template.initialize();
  await migrate(template);
  await template.destroy();
}
