import { randomBytes } from 'node:crypto';

import type { Command } from 'commander';

import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';

/** `lingpai secrets …`: what is stored encrypted. */
export function addSecrets(parent: Command, cli: Cli): void {
  const secrets = parent.command('secrets').description('SECRET_KEY and what is sealed with it');
  addNewKey(secrets, cli);
}

const newKeyExamples = `
Examples:
  lingpai secrets new-key
  lingpai secrets new-key > secret_key && chmod 600 secret_key`;

function addNewKey(parent: Command, cli: Cli): void {
  parent
    .command('new-key')
    .summary('print a fresh key for SECRET_KEY')
    .description('Prints a fresh key for SECRET_KEY; nothing is stored.')
    .addHelpText('after', newKeyExamples)
    .action(
      cli.action(() => {
        const secretKey = randomBytes(32).toString('base64');
        cli.terminal.print({ secretKey }, [secretKey]);
        return Promise.resolve(exitCodes.ok);
      }),
    );
}
