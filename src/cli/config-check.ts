import { resolve } from 'node:path';

import { readVariable } from '../config/environment-files.js';
import { ConfigError, loadConfig } from '../config/load-config.js';
import { readProvisioning } from '../connections/provisioning/provisioning-entries.js';
import { ProvisioningError } from '../connections/provisioning/provisioning-file.js';
import { Cli } from './cli.js';
import type { Check } from './exit-codes.js';

/** One part of the configuration, and every fault of it. */
export interface ConfigCheck extends Check {
  readonly message: string;
  readonly faults?: readonly string[];
}

export interface ConfigCheckOptions {
  readonly connect: boolean;
  readonly production: boolean;
}

const notTried: ConfigCheck = {
  name: 'postgres',
  ok: false,
  code: 'environment_invalid',
  message: 'not tried, as the environment has faults',
};

/** Reads what a start reads, and says of each part what a start would say. */
export async function checkConfig(
  cli: Cli,
  { connect, production }: ConfigCheckOptions,
): Promise<ConfigCheck[]> {
  const env = production ? { ...cli.env, NODE_ENV: 'production' } : cli.env;
  const environment = checkEnvironment(env);
  const checks = [environment, checkProvisioning(env)];
  if (!connect) return checks;
  if (!environment.ok) return [...checks, notTried];
  const { checkGround } = await import('./connect-check.js');
  return [...checks, ...(await new Cli(env, cli.terminal).onGround(checkGround))];
}

function checkEnvironment(env: NodeJS.ProcessEnv): ConfigCheck {
  const name = 'environment';
  try {
    const { production } = loadConfig(env);
    return {
      name,
      ok: true,
      message: `by the rules of ${production ? 'production' : 'development'}`,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { faults } = error;
    return {
      name,
      ok: false,
      code: 'environment_invalid',
      message: `${faults.length} fault(s)`,
      faults,
    };
  }
}

/** Also where the environment has faults: all are to be named at once. */
function checkProvisioning(env: NodeJS.ProcessEnv): ConfigCheck {
  const name = 'provisioning';
  const { value } = readVariable(env, 'PROVISIONING_FILE');
  if (!value) return { name, ok: true, message: 'PROVISIONING_FILE is not set' };
  const file = resolve(value);
  try {
    const { connections, clients } = readProvisioning(file, env);
    const message = `${connections.length} connection(s) and ${clients.length} client(s) in ${file}`;
    return { name, ok: true, message };
  } catch (error) {
    if (!(error instanceof ProvisioningError)) throw error;
    const { faults } = error;
    const message = `${faults.length} fault(s) in ${file}`;
    return { name, ok: false, code: 'provisioning_invalid', message, faults };
  }
}
