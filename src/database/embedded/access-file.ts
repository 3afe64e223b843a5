import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a process needs to reach the server; also what the next run finds of the last one. */
export interface Access {
  /** 0 as long as no server has run. */
  readonly port: number;
  readonly password: string;
}

/** `postgres.json` beside the server's folder: readable by its owner alone. */
export class AccessFile {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'postgres.json');
  }

  async read(): Promise<Access | undefined> {
    try {
      return JSON.parse(await readFile(this.#file, 'utf8')) as Access;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** At once: another process may read at any moment. */
  async write(access: Access): Promise<void> {
    const half = `${this.#file}.${process.pid}`;
    await writeFile(half, JSON.stringify(access), { mode: 0o600 });
    await rename(half, this.#file);
  }
}
