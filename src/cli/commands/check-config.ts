import type { Command } from 'commander';

import type { Cli } from '../cli.js';
import type { ConfigCheck } from '../config-check.js';
import { exitCodeOf } from '../exit-codes.js';
import { indented } from '../terminal.js';

const examples = `
Examples:
  lingpai check-config
  lingpai check-config --production
  lingpai check-config --connect --json`;

interface Options {
  readonly connect?: boolean;
  readonly production?: boolean;
}

/** `lingpai check-config`: would a start be refused? */
export function addCheckConfig(parent: Command, cli: Cli): void {
  parent
    .command('check-config')
    .summary('find what a start would refuse')
    .description(
      'Reads the environment and the provisioning file as a start does, and names every fault at once. Values are never shown.',
    )
    .option('--production', 'with the rules of NODE_ENV=production, whatever it is')
    .option('--connect', 'also try Postgres, its schema, SECRET_KEY and Redis; nothing is changed')
    .addHelpText('after', examples)
    .action(
      cli.action(async ({ connect = false, production = false }: Options) => {
        const { checkConfig } = await import('../config-check.js');
        const checks = await checkConfig(cli, { connect, production });
        const ok = checks.every((each) => each.ok);
        cli.terminal.print({ ok, checks }, checks.flatMap(linesOf));
        return exitCodeOf(checks);
      }),
    );
}

function linesOf({ name, ok, message, faults = [] }: ConfigCheck): string[] {
  return [`${name}: ${ok ? 'ok, ' : ''}${message}`, ...faults.map(indented)];
}
