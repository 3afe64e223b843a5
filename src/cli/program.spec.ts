import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';

import { Cli } from './cli.js';
import { createProgram } from './program.js';
import { Terminal } from './terminal.js';

const nowhere = { write: () => true };
const program = createProgram(new Cli({}, new Terminal(false, nowhere, nowhere)), nowhere, nowhere);
const commands = leavesOf(program);
const read = (name: string): string =>
  readFileSync(join(resolve(import.meta.dirname, '../..'), name), 'utf8');
const page = read('docs/cli.md');

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

/** What the command itself prints when it is asked for help. */
function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  return help;
}

/** What the page says of each command, by its name. */
const sections = new Map(
  [...page.matchAll(/^## `(lingpai [^`]+)`\n([\s\S]*?)(?=^## |(?![\s\S]))/gm)].map(
    ([, name = '', text = '']) => [name, text],
  ),
);

describe('the page of the command line', () => {
  it('has a section for each command, in the order of the help, and no other', () => {
    expect(commands.length).toBeGreaterThan(8);
    expect([...sections.keys()]).toEqual(commands.map(nameOf));
  });

  it.each(commands.map((command) => [nameOf(command), command] as const))(
    '%s: names its options and arguments, and no other',
    (name, command) => {
      const section = sections.get(name) ?? '';
      const told = [...section.matchAll(/^\| `(--[^`]+)` \|/gm)].map(([, flags]) => flags);
      expect(told).toEqual(command.options.map(({ flags }) => flags));
      for (const argument of command.registeredArguments)
        expect(section).toMatch(new RegExp(`\`${name} [<[]${argument.name()}…?[>\\]]\``));
    },
  );

  it('tells the exit codes and the options of all commands', () => {
    const codes = [...page.matchAll(/^\| (\d) \| (.+) \|$/gm)].map(
      ([, code = '', means = '']) => `  ${code}  ${means}`,
    );
    expect(helpOf(program)).toContain(`Exit codes:\n${codes.join('\n')}\n`);
    expect(codes).toHaveLength(4);
    for (const { long = '' } of program.options) expect(page).toContain(long);
  });
});

describe('the help of', () => {
  it.each(commands.map((command) => [nameOf(command), command] as const))(
    '%s has examples that it takes',
    (name, command) => {
      const examples = [...helpOf(command).matchAll(/^ {2}(lingpai .*)$/gm)].map(
        ([, line]) => line,
      );
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(example).toContain(name);
      const flags = examples.flatMap((line) => line?.match(/--[\w-]+/g) ?? []);
      const known = ['--json', ...command.options.map(({ long }) => long)];
      expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
    },
  );
});

describe('the package', () => {
  it('has the tool under its name, as a program and as a script', () => {
    const { bin, scripts } = JSON.parse(read('package.json')) as {
      bin: Record<string, string>;
      scripts: Record<string, string>;
    };
    expect(bin).toEqual({ lingpai: 'dist/src/cli/main.js' });
    expect(scripts).toMatchObject({
      lingpai: 'node dist/src/cli/main.js',
      migrate: 'node dist/src/migrate.js',
    });
    expect(read('src/cli/main.ts')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
