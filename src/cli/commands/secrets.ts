import type { Command } from 'commander';

import type { Cli } from '../cli.js';
import { addSecretsNewKey } from './secrets-new-key.js';
import { addSecretsReencrypt } from './secrets-reencrypt.js';

/** `lingpai secrets …`: what is stored encrypted. */
export function addSecrets(parent: Command, cli: Cli): void {
  const secrets = parent.command('secrets').description('SECRET_KEY, and what is sealed with it');
  addSecretsReencrypt(secrets, cli);
  addSecretsNewKey(secrets, cli);
}
