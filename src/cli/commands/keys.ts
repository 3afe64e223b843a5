import type { Command } from 'commander';

import type { Cli } from '../cli.js';
import { addKeysList } from './keys-list.js';
import { addKeysRevoke } from './keys-revoke.js';
import { addKeysRotate } from './keys-rotate.js';

/** `lingpai keys …`: what signs tokens. */
export function addKeys(parent: Command, cli: Cli): void {
  const keys = parent.command('keys').description('the keys that sign tokens');
  addKeysList(keys, cli);
  addKeysRotate(keys, cli);
  addKeysRevoke(keys, cli);
}
