import type { Command } from 'commander';

import { type Cli, cliActor } from '../cli.js';
import { exitCodes } from '../exit-codes.js';

const examples = `
Examples:
  lingpai keys rotate
  lingpai keys rotate --json`;

/** `lingpai keys rotate` */
export function addKeysRotate(parent: Command, cli: Cli): void {
  parent
    .command('rotate')
    .summary('make the next key')
    .description(
      'Makes the next key: published at once, signing once every verifier has read it. While one waits for its turn already, it is shown instead. Tokens of the old key stay good until they expire.',
    )
    .addHelpText('after', examples)
    .action(
      cli.action(async () => {
        const key = await cli.inRooms(({ keyAdministration }) =>
          keyAdministration.rotate(cliActor),
        );
        cli.terminal.print({ key }, [
          `key ${key.kid} (${key.alg}) is published, and signs from ${key.signsFrom.toISOString()} on`,
        ]);
        return exitCodes.ok;
      }),
    );
}
