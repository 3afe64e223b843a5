import { beforeEach, describe, expect, it } from '@jest/globals';

import { MachineToken } from './machine-token.js';

describe('a machine’s token', () => {
  let nowMs: number;
  let issued: number;
  let failing: boolean;
  let token: MachineToken;

  beforeEach(() => {
    [nowMs, issued, failing] = [1_000_000, 0, false];
    token = new MachineToken(
      async () => {
        if (failing) throw new Error('no token');
        issued += 1;
        return Promise.resolve({ access_token: `token-${issued}`, expires_in: 600 });
      },
      () => nowMs,
    );
  });

  it('is asked for once by all who come at once', async () => {
    expect(await Promise.all([token.get(), token.get(), token.get()])).toEqual([
      'token-1',
      'token-1',
      'token-1',
    ]);
  });

  it('is kept until half a minute before it ends', async () => {
    await token.get();
    nowMs += 569_000;
    expect(await token.get()).toBe('token-1');
    nowMs += 1000;
    expect(await token.get()).toBe('token-2');
  });

  it('is asked for again after a failure', async () => {
    failing = true;
    await expect(token.get()).rejects.toThrow('no token');
    failing = false;
    expect(await token.get()).toBe('token-1');
  });
});
