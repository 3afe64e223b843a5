import { describe, expect, it } from '@jest/globals';

import { AtMost } from './at-most.js';

/** Work that ends when it is told to, and counts how much of it runs. */
function openWork() {
  const started: number[] = [];
  const ends = new Map<number, (fail?: Error) => void>();
  const work = (n: number) => () => {
    started.push(n);
    return new Promise<number>((resolve, reject) =>
      ends.set(n, (fail) => (fail ? reject(fail) : resolve(n))),
    );
  };
  return { started, work, end: (n: number, fail?: Error) => ends.get(n)?.(fail) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('two at most', () => {
  it('run, and the next when one of them ends, in the order in which they came', async () => {
    const { started, work, end } = openWork();
    const turns = new AtMost(2);
    const all = [1, 2, 3, 4].map((n) => turns.run(work(n)));
    await settle();
    expect(started).toEqual([1, 2]);
    end(2);
    await settle();
    expect(started).toEqual([1, 2, 3]);
    end(1);
    end(3);
    await settle();
    expect(started).toEqual([1, 2, 3, 4]);
    end(4);
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4]);
  });

  it('run, also when others come at the very moment at which some end', async () => {
    let running = 0;
    let most = 0;
    const turns = new AtMost(2);
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
    };
    // Whoever has ended comes again at once, while others wait.
    const again = async () => {
      for (let n = 0; n < 20; n += 1) await turns.run(work);
    };
    await Promise.all(Array.from({ length: 6 }, again));
    expect(most).toBe(2);
  });

  it('run, and one that fails gives its place on', async () => {
    const { started, work, end } = openWork();
    const turns = new AtMost(1);
    const [one, two] = [turns.run(work(1)), turns.run(work(2))];
    end(1, new Error('broken'));
    await expect(one).rejects.toThrow('broken');
    await settle();
    expect(started).toEqual([1, 2]);
    end(2);
    expect(await two).toBe(2);
  });
});
