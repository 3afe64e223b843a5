import type { Command } from 'commander';

import { type Cli, cliActor } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import { wrongUsage } from '../refusal.js';

const examples = `
Examples:
  lingpai keys revoke 5p6qoRu1rIbJSWT0Qdyjs9F0U-cw4K9Ph0d7nQicVw0 --yes`;

/** `lingpai keys revoke <kid>` */
export function addKeysRevoke(parent: Command, cli: Cli): void {
  parent
    .command('revoke')
    .summary('take a key back at once')
    .description(
      'Takes a key back at once, e.g. a stolen one. Every token that it signed is refused as soon as verifiers have read the keys again; where it was the key that signs, the next one signs from now on. To replace a key in good time, rotate.',
    )
    .argument('<kid>', 'which key')
    .option('--yes', 'yes, tokens that are in use will be refused')
    .addHelpText('after', examples)
    .action(
      cli.action(async (kid: string, { yes }: { yes?: boolean }) => {
        if (!yes) throw wrongUsage('tokens that are in use will be refused: say --yes');
        const revocation = await cli.inRooms(({ keyAdministration }) =>
          keyAdministration.revoke(kid, cliActor),
        );
        const { successor } = revocation;
        cli.terminal.print({ kid, ...revocation }, [
          `key ${kid} is revoked${successor === undefined ? '' : `; key ${successor} signs now`}`,
        ]);
        return exitCodes.ok;
      }),
    );
}
