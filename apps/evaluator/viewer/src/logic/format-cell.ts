import { formatNumber } from '@dgpo/arc';
import type { Cell, Interval, Table } from '../../../src/viewer/api.js';

type CellFormat = Table['columns'][number]['format'];

const isInterval = (cell: Cell): cell is Interval => typeof cell === 'object' && cell !== null;

function formatValue(value: number, format: CellFormat): string {
  if (!Number.isFinite(value)) return '–';
  if (format === 'percent') return (100 * value).toFixed(1);
  if (format === 'integer') return Math.round(value).toLocaleString('en');
  return format === 'number' ? value.toFixed(2) : formatNumber(value);
}

/** A cell as text: the value, and its 95 % interval where there is one. Percents bear no sign: their column does. */
export function formatCell(cell: Cell, format: CellFormat): { value: string; interval: string | null } {
  if (cell === null) return { value: '–', interval: null };
  if (typeof cell === 'string') return { value: cell, interval: null };
  if (!isInterval(cell)) return { value: formatValue(cell, format), interval: null };
  if (cell.count === 0) return { value: '–', interval: null };
  const [low, high] = [formatValue(cell.low, format), formatValue(cell.high, format)];
  return { value: formatValue(cell.mean, format), interval: `[${low}, ${high}]` };
}
