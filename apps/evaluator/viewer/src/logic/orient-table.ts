import type { Cell, Table } from '../../../src/viewer/api.js';

type CellFormat = Table['columns'][number]['format'];

/** A table as it is shown: each cell with its format. The first cell of a row names it. */
export interface ShownTable {
  headers: { text: string; isNumeric: boolean }[];
  rows: { name: string; cells: { cell: Cell; format: CellFormat }[] }[];
}

/** More columns than this do not fit beside each other. */
const widest = 9;

const headerOf = ({ header, format }: Table['columns'][number]) => (format === 'percent' ? `${header} (%)` : header);

const nameOf = (cell: Cell | undefined) => (typeof cell === 'string' || typeof cell === 'number' ? String(cell) : '–');

/** Turns a table that is wide and low on its side, so that measures become rows; others stay as they are. */
export function orientTable({ columns, rows }: Table): ShownTable {
  const [first, ...measures] = columns;
  if (columns.length > widest && rows.length <= widest - 1) {
    return {
      headers: [{ text: '', isNumeric: false }, ...rows.map(([name]) => ({ text: nameOf(name), isNumeric: true }))],
      rows: measures.map((column, index) => ({
        name: headerOf(column),
        cells: rows.map((row) => ({ cell: row[index + 1] ?? null, format: column.format })),
      })),
    };
  }
  return {
    headers: [
      { text: first?.header ?? '', isNumeric: false },
      ...measures.map((column) => ({ text: headerOf(column), isNumeric: column.format !== 'text' })),
    ],
    rows: rows.map(([name, ...cells]) => ({
      name: nameOf(name),
      cells: cells.map((cell, index) => ({ cell, format: measures[index]?.format ?? 'text' })),
    })),
  };
}
