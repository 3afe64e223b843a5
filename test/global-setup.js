import { compilePrograms } from './compiled-programs.js';
import './fixtures/typescript-loader.js';

/** One Postgres and one compiled service for the whole run. */
export default async function setUp() {
  const { startTestPostgres } = await import('./postgres-server.ts');
  globalThis.endTestRun = await Promise.all([startTestPostgres(), compilePrograms()]);
}
