import { describe, expect, it } from '@jest/globals';

import { runCli } from './run-cli.js';

describe('a fault that nobody foresaw', () => {
  it('is told by its kind and place, without what it quotes', async () => {
    const env = Object.defineProperty({}, 'SECRET_KEY', {
      get: () => JSON.parse('pin-4711') as string,
      enumerable: true,
    });
    let [out, err] = ['', ''];
    const code = await runCli(
      ['check-config', '--json'],
      env,
      { write: (text) => (out += text) },
      { write: (text) => (err += text) },
    );
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'internal_error' } });
    expect(JSON.parse(err)).toMatchObject({
      level: 'error',
      err: { name: 'SyntaxError', stack: expect.stringContaining('run-cli.spec.ts') },
    });
    expect(out + err).not.toContain('pin');
  });
});
