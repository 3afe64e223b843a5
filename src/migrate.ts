import { runCli } from './cli/run-cli.js';

/** `npm run migrate`: another name of `lingpai migrate`. */
process.exitCode = await runCli(
  ['migrate', ...process.argv.slice(2)],
  process.env,
  process.stdout,
  process.stderr,
);
