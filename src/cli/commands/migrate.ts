import { type Command, InvalidArgumentError } from 'commander';

import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import { Refusal } from '../refusal.js';
import { indented } from '../terminal.js';

const examples = `
Examples:
  lingpai migrate
  lingpai migrate --dry-run
  lingpai migrate --wait 300`;

/** `lingpai migrate`: the schema of the database, brought up to date. */
export function addMigrate(parent: Command, cli: Cli): void {
  parent
    .command('migrate')
    .summary('bring the schema of the database up to date')
    .description(
      'Brings the schema of the database up to date. Replicas and other runs of this command take turns.',
    )
    .option('--dry-run', 'only list what would be run')
    .option('--wait <seconds>', 'how long to wait for Postgres', readSeconds, 60)
    .addHelpText('after', examples)
    .action(
      cli.action(async ({ dryRun, wait }: { dryRun?: true; wait: number }) => {
        const names = await cli.onGround(async ({ dataSource, logger }) => {
          const { connectWhenReady, migrate, pendingMigrations } =
            await import('../../database/migrator.js');
          await connectWhenReady(dataSource, logger, AbortSignal.timeout(wait * 1000));
          if (!dataSource.isInitialized)
            throw new Refusal(
              'postgres_unreachable',
              `Postgres did not answer within ${wait} second(s).`,
              exitCodes.unreachable,
            );
          return dryRun ? pendingMigrations(dataSource) : migrate(dataSource);
        });
        cli.terminal.print(dryRun ? { pending: names } : { ran: names }, [
          dryRun ? `${names.length} migration(s) are pending` : `${names.length} migration(s) ran`,
          ...names.map(indented),
        ]);
        return exitCodes.ok;
      }),
    );
}

function readSeconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.');
  return Number(text);
}
