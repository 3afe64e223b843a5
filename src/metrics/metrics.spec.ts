import { describe, expect, it } from '@jest/globals';

import { Metrics } from './metrics.js';
import { MetricsRegistry } from './metrics-registry.js';

describe('the metrics of platform events', () => {
  it('tell a bounded number of types apart, and only what looks like one', async () => {
    const own = new MetricsRegistry();
    const metrics = new Metrics(own);
    metrics.platformEvent('dingtalk', '13812345678@example.com', 'done');
    metrics.platformEvent('dingtalk', 'x'.repeat(41), 'failed');
    for (let index = 0; index < 100; index++)
      metrics.platformEvent('dingtalk', `type_${index}`, 'done');
    metrics.platformEvent('dingtalk', 'type_0', 'given-up');
    const lines = (await own.text())
      .split('\n')
      .filter((line) => line.startsWith('lingpai_platform_events_total{'));
    expect(lines).toHaveLength(43);
    expect(lines).toContain(
      'lingpai_platform_events_total{platform="dingtalk",type="other",outcome="done"} 61',
    );
    expect(lines).toContain(
      'lingpai_platform_events_total{platform="dingtalk",type="type_0",outcome="given-up"} 1',
    );
  });
});
