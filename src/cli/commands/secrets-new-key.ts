import { randomBytes } from 'node:crypto';

import type { Command } from 'commander';

import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';

const examples = `
Examples:
  lingpai secrets new-key
  (umask 077 && lingpai secrets new-key > secret_key)`;

/** `lingpai secrets new-key` */
export function addSecretsNewKey(parent: Command, cli: Cli): void {
  parent
    .command('new-key')
    .summary('print a fresh key for SECRET_KEY')
    .description('Prints a fresh key for SECRET_KEY. Nothing is read and nothing is stored.')
    .addHelpText('after', examples)
    .action(
      cli.action(() => {
        const secretKey = randomBytes(32).toString('base64');
        cli.terminal.print({ secretKey }, [secretKey]);
        return Promise.resolve(exitCodes.ok);
      }),
    );
}
