import { type Cell, formatCell, formatMean, formatRange } from '../format-number.js';
import { alignColumns, headerOf } from '../format-table.js';
import { isFigure } from '../statistics/figure.js';
import { element, type Markup, type MarkupElement } from './markup.js';
import type { ReportTable } from './report-options.js';

/** A table whose figures show their interval in small print. */
export function renderTable(table: ReportTable): MarkupElement {
  const { title, columns, rows, caption } = table;
  const aligns = alignColumns(table);
  const className = (column: number) => (aligns[column] === 'right' ? 'number' : undefined);
  const row = (cells: readonly Cell[]) =>
    element(
      'tr',
      {},
      columns.map((_, column) =>
        element(
          column === 0 ? 'th' : 'td',
          { class: className(column), scope: column === 0 ? 'row' : undefined },
          renderCell(column < cells.length ? cells[column] : ''),
        ),
      ),
    );
  return element(
    'figure',
    { class: columns.length > 6 ? 'card dense' : 'card' },
    element('h3', {}, title),
    element(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title },
      element(
        'table',
        {},
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            columns.map((column, index) => element('th', { class: className(index), scope: 'col' }, headerOf(column))),
          ),
        ),
        element('tbody', {}, rows.map(row)),
      ),
    ),
    caption === undefined ? null : element('figcaption', {}, caption),
  );
}

function renderCell(cell: Cell): Markup {
  if (!isFigure(cell)) return formatCell(cell);
  const range = formatRange(cell);
  return [formatMean(cell), range === '' ? null : [' ', element('small', {}, range)]];
}
