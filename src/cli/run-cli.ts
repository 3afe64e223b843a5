import { CommanderError } from 'commander';

import { Cli } from './cli.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { createProgram } from './program.js';
import { Refusal, wrongUsage } from './refusal.js';
import { type Sink, Terminal } from './terminal.js';

/** Runs one command line. Never throws. @returns what the process ends with */
export async function runCli(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  out: Sink,
  err: Sink,
): Promise<ExitCode> {
  // Before the words are read: those that cannot be are answered in this form too.
  const terminal = new Terminal(words.includes('--json'), out, err);
  const cli = new Cli(env, terminal);
  try {
    await createProgram(cli, out, err).parseAsync(words, { from: 'user' });
    return cli.exitCode ?? exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return endOfReading(error, terminal);
    const { refusalOf } = await import('./refusal-of.js');
    const refusal = refusalOf(error) ?? (await bug(error, terminal));
    terminal.refuse(refusal);
    return refusal.exitCode;
  }
}

/** Help and version end the reading too. */
function endOfReading({ code, message, exitCode }: CommanderError, terminal: Terminal): ExitCode {
  if (exitCode === 0) return exitCodes.ok;
  // No command was named: the person has read the help already.
  const isHelp = code === 'commander.help';
  if (isHelp && !terminal.json) return exitCodes.usage;
  terminal.refuse(
    wrongUsage(isHelp ? 'no command was named' : message.replace(/^error: /, '').trim()),
  );
  return exitCodes.usage;
}

/** Told as the service's log would: whose words a foreign error repeats is not known. */
async function bug(error: unknown, terminal: Terminal): Promise<Refusal> {
  const { Logger } = await import('../common/logger.js');
  const logger = new Logger('error', { write: (line) => terminal.err.write(line) });
  logger.error({ err: error }, 'a fault that nobody foresaw');
  return new Refusal('internal_error', 'This should not have happened.');
}
