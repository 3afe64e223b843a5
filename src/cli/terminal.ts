import { exitCodes } from './exit-codes.js';
import type { Refusal } from './refusal.js';

/** Takes text: standard output, standard error, or a test. */
export interface Sink {
  write(text: string): unknown;
}

/**
 * What the person, or the script, sees. What a command found goes to standard output, as lines or as one JSON document; everything else
 * goes to standard error, except that a script reads refusals where it reads results.
 */
export class Terminal {
  constructor(
    readonly json: boolean,
    private readonly out: Sink,
    readonly err: Sink,
  ) {}

  /** The one thing that a command has to say, in both forms. */
  print(document: object, lines: readonly string[]): void {
    if (this.json) this.#document(document);
    else this.out.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** What the person should know, and no script waits for. */
  note(line: string): void {
    this.err.write(`${line}\n`);
  }

  /** Why nothing was done. */
  refuse({ code, message, faults, exitCode }: Refusal): void {
    if (this.json)
      return this.#document({ error: { code, message, ...(faults.length > 0 && { faults }) } });
    this.note(`${message} (${code})`);
    for (const fault of faults) this.note(indented(fault));
    if (exitCode === exitCodes.usage) this.note('`lingpai --help` tells what there is');
  }

  #document(document: object): void {
    this.out.write(`${JSON.stringify(document, null, 2)}\n`);
  }
}

export function indented(line: string): string {
  return `  ${line}`;
}

/** Columns as wide as what stands in them, two spaces apart. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) =>
    Math.max(...all.map((row) => displayWidth(row[column] ?? ''))),
  );
  return all.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** Chinese and the like take two places each. */
function displayWidth(text: string): number {
  return Array.from(text).reduce((width, character) => width + (isWide(character) ? 2 : 1), 0);
}

function isWide(character: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u.test(
    character,
  );
}
