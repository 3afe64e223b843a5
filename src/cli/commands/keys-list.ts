import type { Command } from 'commander';

import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import { table } from '../terminal.js';

const examples = `
Examples:
  lingpai keys list
  lingpai keys list --json`;

/** `lingpai keys list` */
export function addKeysList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .summary('list the keys that are published')
    .description('Lists the keys that are published, in the order in which they sign.')
    .addHelpText('after', examples)
    .action(
      cli.action(async () => {
        const items = await cli.inRooms(async ({ signingKeys }) => {
          await signingKeys.refresh();
          return signingKeys.list();
        });
        const rows = items.map(({ kid, alg, state, createdAt, signsFrom }) => [
          kid,
          alg,
          state,
          signsFrom.toISOString(),
          createdAt.toISOString(),
        ]);
        cli.terminal.print(
          { items },
          table(['KID', 'ALG', 'STATE', 'SIGNS FROM', 'MADE AT'], rows),
        );
        return exitCodes.ok;
      }),
    );
}
