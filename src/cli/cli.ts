import type { Ground } from '../ground.module.js';
import type { Actor } from '../common/access.js';
import type { ExitCode } from './exit-codes.js';
import type { Rooms, RoomsOptions } from './rooms.js';
import type { Terminal } from './terminal.js';

/** Who did it, in the audit. */
export const cliActor: Actor = { actor: 'cli' };

/** What every command is handed. What is behind it is loaded when it is asked for: the help needs none of it. */
export class Cli {
  /** What the process will end with. */
  exitCode: ExitCode | undefined;

  constructor(
    readonly env: NodeJS.ProcessEnv,
    readonly terminal: Terminal,
  ) {}

  /** Makes a command's action of what it does. */
  action<Given extends unknown[]>(
    run: (...given: Given) => Promise<ExitCode>,
  ): (...given: Given) => Promise<void> {
    return async (...given) => {
      this.exitCode = await run(...given);
    };
  }

  /** With the configuration, and a way to Postgres that is not open yet. */
  async onGround<T>(work: (ground: Ground) => Promise<T>): Promise<T> {
    const { withGround } = await import('./ground.js');
    return withGround(this, work);
  }

  /** With the service's rooms, on a schema that is up to date. */
  async inRooms<T>(work: (rooms: Rooms) => Promise<T>, options?: RoomsOptions): Promise<T> {
    const { withRooms } = await import('./rooms.js');
    return withRooms(this, work, options);
  }
}
