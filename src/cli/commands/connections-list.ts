import type { Command } from 'commander';

import type { Cli } from '../cli.js';
import { everyConnection } from '../every-connection.js';
import { exitCodes } from '../exit-codes.js';
import { table } from '../terminal.js';

const examples = `
Examples:
  lingpai connections list
  lingpai connections list --json`;

/** `lingpai connections list` */
export function addConnectionsList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .summary('list the connections')
    .description('Lists the connections; of secrets, only which are set.')
    .addHelpText('after', examples)
    .action(
      cli.action(async () => {
        const items = await cli.inRooms(everyConnection);
        const rows = items.map(({ slug, platform, enabled, managedByFile, displayName }) => [
          slug,
          platform,
          enabled ? 'yes' : 'no',
          managedByFile ? 'file' : 'API',
          String(displayName),
        ]);
        cli.terminal.print(
          { items },
          table(['SLUG', 'PLATFORM', 'ENABLED', 'MANAGED BY', 'NAME'], rows),
        );
        return exitCodes.ok;
      }),
    );
}
