import type { Command } from 'commander';

import type { Cli } from '../cli.js';
import { addAccountsStatus } from './accounts-status.js';

/** `lingpai accounts …`: people. */
export function addAccounts(parent: Command, cli: Cli): void {
  const accounts = parent.command('accounts').description('people');
  addAccountsStatus(accounts, cli, {
    verb: 'disable',
    status: 'disabled',
    does: 'Disables an account: its sessions and refresh tokens end, and nobody signs in to it any more. Doing it twice does no harm.',
    done: 'is disabled: its sessions and refresh tokens have ended',
  });
  addAccountsStatus(accounts, cli, {
    verb: 'enable',
    status: 'active',
    does: 'Enables an account again: its person may sign in. Doing it twice does no harm.',
    done: 'is active',
  });
}
