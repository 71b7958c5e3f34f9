import { formatCell, formatMean, formatNumber } from '../format-number.js';
import type { Figure } from '../statistics/figure.js';
import { niceAxis } from './axis.js';
import { chartFigure, seriesClass } from './chart-frame.js';
import { element, type Markup, type MarkupElement } from './markup.js';
import { plotArea, verticalAxis } from './plot-area.js';
import type { ReportBars } from './report-options.js';
import { wrapLabel } from './wrap-label.js';

/** Grouped bars from 0, with error bars where the values are figures. */
export function barChart({ title, categories, series, yLabel, max, caption }: ReportBars): MarkupElement {
  const tops = series.flatMap(({ values }) => values.map(topOf)).filter(Number.isFinite);
  const high = max ?? tops.reduce((top, value) => Math.max(top, value), 0);
  const yAxis = niceAxis({ low: 0, high: high > 0 ? high : 1, tight: max !== undefined });
  const area = plotArea(yAxis, yLabel);
  const { left: start, right: end, bottom, height, y } = area;
  const slot = (end - start) / Math.max(1, categories.length);
  const width = Math.min(46, (slot * 0.8) / Math.max(1, series.length));
  const hasRoom = width >= 24;
  const labelLength = Math.max(6, Math.floor(slot / 7.4));
  return chartFigure(
    { title, caption, names: series.map(({ name }) => name), height },
    verticalAxis(yAxis, area, yLabel),
    categories.map((category, column) => {
      const middle = start + slot * (column + 0.5);
      return [
        series.map(({ name, values }, row) => {
          const left = middle + (row - series.length / 2) * width;
          return drawBar(values[column] ?? null, {
            name: `${name}, ${category}`,
            left,
            width,
            y,
            hasRoom,
            className: seriesClass(row),
          });
        }),
        wrapLabel(category, labelLength, 2).map((line, index) =>
          element('text', { x: middle, y: bottom + 16 + index * 14, 'text-anchor': 'middle' }, line),
        ),
      ];
    }),
  );
}

interface BarPlace {
  name: string;
  left: number;
  width: number;
  y: (value: number) => number;
  /** Whether the number fits above the bar. */
  hasRoom: boolean;
  className: string;
}

function drawBar(value: Figure | number | null, { name, left, width, y, hasRoom, className }: BarPlace): Markup {
  const mean = typeof value === 'number' ? value : (value?.mean ?? Number.NaN);
  if (value === null || !Number.isFinite(mean)) return null;
  const middle = left + width / 2;
  const top = Math.min(y(mean), y(0));
  const peak = typeof value === 'number' ? top : Math.min(top, y(value.high));
  return element(
    'g',
    {},
    element('title', {}, `${name}: ${formatCell(value)}`),
    element('rect', {
      class: className,
      x: left + 1,
      y: top,
      width: width - 2,
      height: Math.max(0.75, y(0) - top),
      rx: 1.5,
    }),
    typeof value === 'number'
      ? null
      : element('path', {
          class: 'error',
          d: `M${middle} ${y(value.low)}V${y(value.high)}M${middle - 3} ${y(value.low)}h6M${middle - 3} ${y(value.high)}h6`,
        }),
    hasRoom
      ? element(
          'text',
          { class: 'value', x: middle, y: peak - 4, 'text-anchor': 'middle' },
          typeof value === 'number' ? formatNumber(value) : formatMean(value),
        )
      : null,
  );
}

const topOf = (value: Figure | number | null) => (typeof value === 'number' ? value : (value?.high ?? Number.NaN));
