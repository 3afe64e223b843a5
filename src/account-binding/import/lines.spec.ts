import { describe, expect, it } from '@jest/globals';

import { type Line, linesOf } from './lines.js';

async function read(...chunks: readonly (string | Buffer)[]): Promise<Line[]> {
  async function* body(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
  }
  const lines: Line[] = [];
  for await (const line of linesOf(body())) lines.push(line);
  return lines;
}

describe('the lines of a body', () => {
  it('are numbered from 1 on, and the last needs no newline', async () => {
    expect(await read('a\n\nb')).toEqual([
      { number: 1, text: 'a' },
      { number: 2, text: '' },
      { number: 3, text: 'b' },
    ]);
    expect(await read('a\n')).toEqual([{ number: 1, text: 'a' }]);
    expect(await read()).toEqual([]);
  });

  it('may be cut anywhere, also within a character', async () => {
    const bytes = Buffer.from('林巧\n王\n');
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await read(bytes.subarray(0, at), bytes.subarray(at))).toEqual([
        { number: 1, text: '林巧' },
        { number: 2, text: '王' },
      ]);
    }
  });

  it('may be 64 KiB long and no longer; reading goes on after one that is', async () => {
    const longest = 'x'.repeat(65_536);
    expect(await read(`${longest}\n${longest}x\n`, 'x', longest, 'x\nb\n', longest, 'x')).toEqual([
      { number: 1, text: longest },
      { number: 2, fault: 'The line is longer than 64 KiB.' },
      { number: 3, fault: 'The line is longer than 64 KiB.' },
      { number: 4, text: 'b' },
      { number: 5, fault: 'The line is longer than 64 KiB.' },
    ]);
  });

  it('are UTF-8: one in GBK is not read as something else, a byte order mark is passed over', async () => {
    const gbk = Buffer.from([0xc1, 0xd6, 0xc7, 0xc9, 0x0a]);
    expect(await read('\ufeffa\n', gbk, '林\n')).toEqual([
      { number: 1, text: 'a' },
      { number: 2, fault: 'The line is not UTF-8.' },
      { number: 3, text: '林' },
    ]);
  });
});
