import { describe, expect, it } from '@jest/globals';

import { exitCodeOf, exitCodes } from './exit-codes.js';
import { Refusal, wrongUsage } from './refusal.js';
import { table, Terminal } from './terminal.js';

function open(json: boolean) {
  const lines = { out: '', err: '' };
  const terminal = new Terminal(
    json,
    { write: (text) => (lines.out += text) },
    { write: (text) => (lines.err += text) },
  );
  return { lines, terminal };
}

describe('a terminal', () => {
  it('keeps results apart from everything else', () => {
    const { lines, terminal } = open(false);
    terminal.print({ ran: ['a'] }, ['1 migration(s) ran', '  a']);
    terminal.note('by the way');
    terminal.refuse(new Refusal('taken', 'It is taken.', exitCodes.refused, ['slug: is taken']));
    terminal.refuse(wrongUsage('which one'));
    expect(lines).toEqual({
      out: '1 migration(s) ran\n  a\n',
      err: 'by the way\nIt is taken. (taken)\n  slug: is taken\nwhich one (usage)\n`lingpai --help` tells what there is\n',
    });
  });

  it('of a script has one document, refusals included', () => {
    const result = open(true);
    result.terminal.note('by the way');
    result.terminal.print({ ran: ['a'] }, ['1 migration(s) ran']);
    expect(JSON.parse(result.lines.out)).toEqual({ ran: ['a'] });
    expect(result.lines.err).toBe('by the way\n');

    const refused = open(true);
    refused.terminal.refuse(new Refusal('taken', 'It is taken.', exitCodes.refused, ['slug: is']));
    expect(JSON.parse(refused.lines.out)).toEqual({
      error: { code: 'taken', message: 'It is taken.', faults: ['slug: is'] },
    });
    expect(refused.lines.err).toBe('');
  });
});

it('a table has columns as wide as what they hold, Chinese counted double', () => {
  expect(
    table(
      ['NAME', 'SLUG'],
      [
        ['钉钉', 'dingtalk'],
        ['企业微信', 'wecom'],
        ['W', ''],
      ],
    ),
  ).toEqual(['NAME      SLUG', '钉钉      dingtalk', '企业微信  wecom', 'W']);
});

describe('the exit code of checks', () => {
  const away = { name: 'a', ok: false, code: 'platform_unavailable' };
  const refused = { name: 'b', ok: false, code: 'platform_misconfigured' };
  const fine = { name: 'c', ok: true };

  it.each([
    [[], 0],
    [[fine], 0],
    [[fine, away], 3],
    [[{ ...away, code: 'redis_unreachable' }, away], 3],
    [[away, refused, fine], 1],
    [[{ name: 'd', ok: false }], 1],
  ])('%j: %i', (checks, code) => {
    expect(exitCodeOf(checks)).toBe(code);
  });
});
