import { expect, test } from 'vitest';
import { formatCell, formatNumber } from './format-number.js';
import { formatMarkdownTable, formatTable } from './format-table.js';

const table = {
  columns: ['model', { header: 'EM', align: 'right' as const }, 'searches'],
  rows: [
    ['base', { mean: 0.0031, low: 0, high: 0.01, count: 1000 }, 0],
    ['DGPO', { mean: 0.782, low: 0.7512, high: 0.81, count: 1000 }, 1.61],
    ['none', null, null],
  ],
};

test('aligns text to the left and numbers to the right', () => {
  expect(formatTable(table)).toBe(
    [
      'model                    EM  searches',
      '─────  ────────────────────  ────────',
      'base   0.003 [0.000, 0.010]         0',
      'DGPO   0.782 [0.751, 0.810]      1.61',
      'none                      –         –',
    ].join('\n'),
  );
});

test('writes Markdown', () => {
  expect(formatMarkdownTable(table).split('\n').slice(0, 3)).toEqual([
    '| model | EM | searches |',
    '|---|---:|---:|',
    '| base | 0.003 [0.000, 0.010] | 0 |',
  ]);
  expect(formatMarkdownTable({ columns: ['a|b'], rows: [['x|<b>\ny']] })).toBe('| a\\|b |\n|---|\n| x\\|&lt;b> y |');
});

test('model output cannot break out of its cell or reach the terminal', () => {
  expect(formatTable({ columns: ['a'], rows: [['x\u001b[31m\ny\u009b']] }).split('\n')).toEqual([
    'a',
    '─────────',
    'x [31m y',
  ]);
});

test('wide characters take two columns', () => {
  expect(
    formatTable({
      columns: ['a', { header: 'b', align: 'left' }],
      rows: [
        ['東京', 'x'],
        ['é', 'y'],
      ],
    })
      .split('\n')
      .slice(2),
  ).toEqual(['東京  x', 'é     y']);
});

test('numbers for people', () => {
  expect([0, 12, 0.12345, 1.618, 36.83, 1234.5, 2.5e7 + 0.5, 0.00001, Number.NaN].map(formatNumber)).toEqual([
    '0',
    '12',
    '0.123',
    '1.62',
    '36.8',
    '1235',
    '2.5e+7',
    '1.0e-5',
    '–',
  ]);
  expect(formatCell({ mean: -0.0001, low: -0.2, high: 0.1, count: 3 })).toBe('0.000 [-0.200, 0.100]');
  expect(formatCell({ mean: 1.5, low: 1, high: 2, count: 3 })).toBe('1.50 [1.00, 2.00]');
  expect(formatCell({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, count: 0 })).toBe('–');
});
