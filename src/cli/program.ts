import { Command } from 'commander';

import { packageVersion } from '../common/package-version.js';
import type { Cli } from './cli.js';
import { addAccounts } from './commands/accounts.js';
import { addCheckConfig } from './commands/check-config.js';
import { addConnections } from './commands/connections.js';
import { addKeys } from './commands/keys.js';
import { addMigrate } from './commands/migrate.js';
import { addSecrets } from './commands/secrets.js';
import { exitCodesHelp } from './exit-codes.js';
import type { Sink } from './terminal.js';

const about = `Administers Lingpai from the machine it runs on: it reads the same environment as the service
(NAME or NAME_FILE) and works on the same database. Replicas that run follow by themselves.`;

/** Every command, with its help. */
export function createProgram(cli: Cli, out: Sink, err: Sink): Command {
  const program = new Command('lingpai')
    .description(about)
    .version(packageVersion(), '-V, --version', 'print the version')
    .option('--json', 'print one JSON document on standard output, refusals included')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => out.write(text),
      // A script reads what was wrong in the JSON document.
      writeErr: (text) => (cli.terminal.json ? undefined : err.write(text)),
      outputError: () => undefined,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .exitOverride()
    .addHelpText('afterAll', exitCodesHelp);
  addCheckConfig(program, cli);
  addMigrate(program, cli);
  addKeys(program, cli);
  addSecrets(program, cli);
  addConnections(program, cli);
  addAccounts(program, cli);
  return program;
}
