import { type Figure, isFigure } from './statistics/figure.js';

/** What a table cell may hold: text, a number, a figure with its interval, or nothing. */
export type Cell = string | number | Figure | null | undefined;

/** How nothing is written. */
const dash = '–';

/** A number for people: whole numbers as they are, others with one to three decimals, very large or small ones in scientific form. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return dash;
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? String(value) : value.toExponential(2);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 5e-4) return value.toExponential(1);
  return value.toFixed(size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** The mean of a figure: three decimals for rates, fewer for counts of tokens. */
export function formatMean(figure: Figure): string {
  if (figure.count === 0 || !Number.isFinite(figure.mean)) return dash;
  return fixed(figure.mean, decimalsOf(figure));
}

/** The interval of a figure, as in `[0.812, 0.861]`; empty when nothing was measured. */
export function formatRange(figure: Figure): string {
  if (figure.count === 0 || !Number.isFinite(figure.mean)) return '';
  const decimals = decimalsOf(figure);
  return `[${fixed(figure.low, decimals)}, ${fixed(figure.high, decimals)}]`;
}

/** A cell as plain text: `0.842 [0.812, 0.861]` for a figure, a dash for nothing. */
export function formatCell(cell: Cell): string {
  if (cell === null || cell === undefined) return dash;
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return formatNumber(cell);
  return [formatMean(cell), formatRange(cell)].filter((part) => part !== '').join(' ');
}

/** Whether a column with this cell reads best aligned to the right. */
export const isNumeric = (cell: Cell): boolean =>
  cell === null || cell === undefined || typeof cell === 'number' || isFigure(cell);

function decimalsOf(figure: Figure): number {
  const size = Math.max(Math.abs(figure.low), Math.abs(figure.high));
  return size >= 100 ? 1 : size > 1 ? 2 : 3;
}

/** `toFixed` without a minus before zero. */
function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text;
}
