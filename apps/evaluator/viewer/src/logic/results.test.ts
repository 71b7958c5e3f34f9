import { expect, it } from 'vitest';
import type { Table } from '../../../src/viewer/api.js';
import { nearestPoint, pathOf, spread } from './curve-points.js';
import { countOf, formatSigned, formatTime } from './format.js';
import { formatCell } from './format-cell.js';
import { groupCurves } from './group-curves.js';
import { toWords } from './labels.js';
import { orientTable } from './orient-table.js';

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

const table = (columns: number, rows: number): Table => ({
  title: 'Results',
  columns: Array.from({ length: columns }, (_, index) =>
    index === 0 ? { header: 'set', format: 'text' as const } : { header: `m${index}`, format: 'percent' as const },
  ),
  rows: Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => (column === 0 ? `set${row}` : row + column / 100)),
  ),
  notes: [],
});

it('turns a wide, low table on its side', () => {
  const { headers, rows } = orientTable(table(10, 2));
  expect(headers.map(({ text }) => text)).toEqual(['', 'set0', 'set1']);
  expect(rows).toHaveLength(9);
  expect(rows[2]).toEqual({
    name: 'm3 (%)',
    cells: [
      { cell: 0.03, format: 'percent' },
      { cell: 1.03, format: 'percent' },
    ],
  });
});

it('leaves other tables as they are', () => {
  const { headers, rows } = orientTable(table(3, 12));
  expect(headers.map(({ text }) => text)).toEqual(['set', 'm1 (%)', 'm2 (%)']);
  expect(rows[11]?.name).toBe('set11');
  expect(rows[11]?.cells.map(({ cell }) => cell)).toEqual([11.01, 11.02]);
});

it('breaks a line where there is no value', () => {
  const path = pathOf(
    [
      [0, 1],
      [1, null],
      [2, 3],
      [3, 4],
    ],
    (step) => 10 * step,
    (value) => value,
  );
  expect(path).toBe('M0.0 1.0M20.0 3.0L30.0 4.0');
});

it('finds the nearest point with a value', () => {
  expect(
    nearestPoint(
      [
        [0, 1],
        [10, null],
        [30, 2],
      ],
      12,
    ),
  ).toEqual([0, 1]);
  expect(nearestPoint([[0, null]], 3)).toBeUndefined();
  expect(spread([3, -1, 2])).toEqual({ low: -1, high: 3 });
  expect(spread([])).toEqual({ low: 0, high: 1 });
});

it('groups series by metric, the customary ones first', () => {
  const series = [
    { name: 'lr', stage: 'dgpo', steps: [1], values: [0.1], count: 1 },
    { name: 'loss', stage: 'cold-start', steps: [1, 2], values: [3, null], count: 2 },
    { name: 'reward', stage: 'dgpo', steps: [1], values: [0.5], count: 1 },
    { name: 'lr', stage: 'cold-start', steps: [1], values: [0.2], count: 1 },
  ];
  const groups = groupCurves(series);
  expect(groups.map(({ name }) => name)).toEqual(['reward', 'loss', 'lr']);
  expect(groups[1]?.curves[0]?.points).toEqual([
    [1, 3],
    [2, null],
  ]);
  expect(groups[2]?.curves.map(({ name }) => name)).toEqual(['dgpo', 'cold-start']);
});

it('writes names and counts for people', () => {
  expect(toWords('firstQueryTitleHit')).toBe('First query title hit');
  expect(toWords('stopped-by_length')).toBe('Stopped by length');
  expect(countOf(1, 'episode')).toBe('1 episode');
  expect(countOf(100_000, 'episode')).toBe('100,000 episodes');
  expect(formatSigned(-0.5)).toBe('−0.500');
  expect(formatSigned(2)).toBe('+2');
  expect(formatTime(new Date(2026, 2, 1, 14, 5).getTime())).toBe('2026-03-01 14:05');
});
