import { afterEach, describe, expect, it, jest } from '@jest/globals';

describe('the sandbox as a program', () => {
  const environment = { ...process.env };

  afterEach(() => {
    process.env = { ...environment };
    process.exitCode = undefined;
    jest.restoreAllMocks();
  });

  it('refuses production with one line and exit code 1', async () => {
    process.env['NODE_ENV'] = 'production';
    const lines = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    await import('./main.js');
    expect(lines.mock.calls).toEqual([
      ['The sandbox lets anyone sign in as anyone: it does not start in production.'],
    ]);
    expect(process.exitCode).toBe(1);
  });
});
