import { startSandbox } from './sandbox.js';

/** Runs the sandbox by itself: `SANDBOX_PORT` (4100), 127.0.0.1 only. */
const port = Number(process.env['SANDBOX_PORT'] ?? '4100');

try {
  const sandbox = await startSandbox({ port });
  console.log(`Sandbox platforms: ${sandbox.url}/control`);
  const stop = (): void => void sandbox.stop();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
