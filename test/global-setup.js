import './fixtures/typescript-loader.js';

/** One Postgres for the whole run. */
export default async function setUp() {
  const { startTestPostgres } = await import('./postgres-server.ts');
  globalThis.stopTestPostgres = await startTestPostgres();
}
