import { expect, it } from 'vitest';
import type { Table } from '../../../src/viewer/api.js';
import { orientTable } from './orient-table.js';

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
