import { expect, it } from 'vitest';
import { formatCell } from './format-cell.js';

it('formats cells by their column', () => {
  expect(formatCell(0.8125, 'percent')).toEqual({ value: '81.3', interval: null });
  expect(formatCell({ mean: 0.5, low: 0.25, high: 0.75, count: 4 }, 'percent')).toEqual({
    value: '50.0',
    interval: '[25.0, 75.0]',
  });
  expect(formatCell(1234.4, 'integer').value).toBe('1,234');
  expect(formatCell(1.005, 'number').value).toBe('1.00');
  expect(formatCell('hotpotqa', 'text').value).toBe('hotpotqa');
  for (const nothing of [null, Number.NaN, { mean: 0, low: 0, high: 0, count: 0 }]) {
    expect(formatCell(nothing, 'percent')).toEqual({ value: '–', interval: null });
  }
});
