import { describe, expect, it } from '@jest/globals';

import { groupingsOf, metricsOf } from './promql.js';

const expression = `histogram_quantile(0.95, sum by (connection, le) (rate(a_bucket{x="b{c}", y!~"d"}[10m])))
  and on (z) (max(e) or vector(0)) * 60 > 100 * 86400 unless f offset 10m`;

describe('what an expression asks for', () => {
  it('is its metrics, with the labels that they are compared by', () => {
    expect(metricsOf(expression)).toEqual([
      { metric: 'a_bucket', labels: ['x', 'y'] },
      { metric: 'e', labels: [] },
      { metric: 'f', labels: [] },
    ]);
  });

  it('is grouped by these', () => {
    expect(groupingsOf(expression)).toEqual(['connection', 'le', 'z']);
  });
});
