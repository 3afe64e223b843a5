import { describe, expect, it } from '@jest/globals';

import type { OutboundRequest, Trouble } from './http-client.js';
import type { Answer } from './outbound-answer.js';
import { outboundLimits } from './outbound-limits.js';
import { pauseMsBefore } from './outbound-repeats.js';

const request: OutboundRequest = {
  platform: 'wecom',
  call: 'user/get',
  method: 'GET',
  url: new URL('https://qyapi.weixin.qq.com/cgi-bin/user/get'),
  repeatable: true,
};

function answer(trouble: Trouble, retryAfterMs?: number): Answer {
  return {
    reply: { status: 200, body: {} },
    judgement: { code: '-1', trouble },
    retryAfterMs,
  };
}

/** Many draws of what is left to chance: the shortest and the longest. */
function pauses(repeat: number, tried: Answer): [number, number] {
  const drawn = Array.from(
    { length: 500 },
    () => pauseMsBefore(repeat, request, tried, outboundLimits) ?? Number.NaN,
  );
  return [Math.min(...drawn), Math.max(...drawn)];
}

describe('the pause before a repeat', () => {
  it.each<[Trouble, number, number, number]>([
    ['busy', 1, 100, 200],
    ['busy', 2, 200, 400],
    ['too-fast', 1, 1000, 1250],
    ['too-fast', 2, 2000, 2500],
  ])('%s, repeat %d: between %d and %d ms, by chance', (trouble, repeat, least, most) => {
    const [shortest, longest] = pauses(repeat, answer(trouble));
    expect(shortest).toBeGreaterThanOrEqual(least);
    expect(longest).toBeLessThanOrEqual(most);
    expect(longest - shortest).toBeGreaterThan((most - least) / 2);
  });

  it('is as long as the platform asks, within a bound', () => {
    expect(pauses(1, answer('busy', 2000))).toEqual([2000, 2000]);
    expect(pauseMsBefore(1, request, answer('busy', 3000), outboundLimits)).toBeUndefined();
  });
});
