import { type ExitCode, exitCodes } from './exit-codes.js';

/** Why a command was not carried out, in words for the person at the terminal. Never holds a secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: string,
    message: string,
    readonly exitCode: ExitCode = exitCodes.refused,
    /** One line each, where there are several. */
    readonly faults: readonly string[] = [],
  ) {
    super(message);
  }
}

/** The words on the command line do not go together. */
export function wrongUsage(message: string): Refusal {
  return new Refusal('usage', message, exitCodes.usage);
}
