import { describe, expect, it } from 'vitest';
import { createHistogram, formatMetrics } from './prometheus.js';

describe('formatMetrics', () => {
  it('writes and escapes as the format says', () => {
    const text = formatMetrics([
      {
        name: 'calls_total',
        help: 'Calls\nwith a \\ and a "',
        type: 'counter',
        samples: [{ labels: { route: 'a"b\\c\nd', status: '200' }, value: 3 }, { value: Number.POSITIVE_INFINITY }],
      },
      { name: 'level', help: 'Level.', type: 'gauge', samples: [{ value: 1.5 }, { value: Number.NaN }] },
    ]);
    expect(text).toBe(
      [
        '# HELP calls_total Calls\\nwith a \\\\ and a "',
        '# TYPE calls_total counter',
        'calls_total{route="a\\"b\\\\c\\nd",status="200"} 3',
        'calls_total +Inf',
        '# HELP level Level.',
        '# TYPE level gauge',
        'level 1.5',
        'level NaN',
        '',
      ].join('\n'),
    );
  });
});

describe('createHistogram', () => {
  it('counts at or below each bound, cumulatively', () => {
    const histogram = createHistogram([1, 2.5]);
    for (const value of [0.5, 1, 2, 2.5, 9]) histogram.observe(value);
    expect(histogram.samples({ route: '/x' })).toEqual([
      { suffix: '_bucket', labels: { route: '/x', le: '1' }, value: 2 },
      { suffix: '_bucket', labels: { route: '/x', le: '2.5' }, value: 4 },
      { suffix: '_bucket', labels: { route: '/x', le: '+Inf' }, value: 5 },
      { suffix: '_sum', labels: { route: '/x' }, value: 15 },
      { suffix: '_count', labels: { route: '/x' }, value: 5 },
    ]);
  });
});
