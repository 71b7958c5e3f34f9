import { formatNumber } from '../format-number.js';
import { niceAxis } from './axis.js';
import { chartFigure, seriesClass } from './chart-frame.js';
import { element, formatCoordinate, type Markup, type MarkupElement } from './markup.js';
import { plotArea, scale, verticalAxis } from './plot-area.js';
import type { CurveSeries, ReportCurve } from './report-options.js';

/** Above this many points of a series, its dots would hide the line: they show when pointed at. */
const maximumDots = 16;

/** A chart of lines with shaded bands, axis ticks and a legend. */
export function lineChart({ title, xLabel, yLabel, series, yRange, caption }: ReportCurve): MarkupElement {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x)).filter(Number.isFinite);
  const ys = series
    .flatMap(({ points, band = [] }) => [...points.map(([, y]) => y), ...band.flatMap(([, low, high]) => [low, high])])
    .filter(Number.isFinite);
  const xAxis = niceAxis({ ...boundsOf(xs), steps: 6, tight: true });
  const yAxis = niceAxis(yRange === undefined ? boundsOf(ys) : { low: yRange[0], high: yRange[1], tight: true });
  const area = plotArea(yAxis, yLabel);
  const { left, right, bottom, height, y } = area;
  const x = scale(xAxis, left + 6, right - 6);
  const colors = series.map(({ color }, index) => color ?? index);
  const classOf = (index: number) => seriesClass(colors[index] ?? index);
  return chartFigure(
    { title, caption, names: series.map(({ name }) => name), colors, height },
    verticalAxis(yAxis, area, yLabel),
    xAxis.ticks.map((tick) =>
      element('text', { x: x(tick), y: bottom + 17, 'text-anchor': 'middle' }, xAxis.format(tick)),
    ),
    element('text', { x: (left + right) / 2, y: height - 6, 'text-anchor': 'middle' }, xLabel),
    series.map(({ band = [] }, index) => drawBand(band, x, y, classOf(index))),
    series.map((item, index) => drawLine(item, x, y, classOf(index))),
    xs.length === 0
      ? element('text', { x: (left + right) / 2, y: bottom / 2, 'text-anchor': 'middle' }, 'no data')
      : null,
  );
}

type Scale = (value: number) => number;

function drawLine({ name, points }: CurveSeries, x: Scale, y: Scale, className: string): Markup {
  let isPenDown = false;
  const path = points.map((point) => {
    if (!point.every(Number.isFinite)) {
      isPenDown = false;
      return '';
    }
    const command = isPenDown ? 'L' : 'M';
    isPenDown = true;
    return `${command}${formatCoordinate(x(point[0]))} ${formatCoordinate(y(point[1]))}`;
  });
  const dots = points.filter((point) => point.every(Number.isFinite));
  const quiet = dots.length > maximumDots ? 'quiet ' : '';
  return [
    element('path', { class: `line ${className}`, d: path.join('') }),
    dots.map((point) =>
      element(
        'circle',
        { class: `dot ${quiet}${className}`, cx: x(point[0]), cy: y(point[1]), r: 3 },
        element('title', {}, `${name}: ${formatNumber(point[1])} at ${formatNumber(point[0])}`),
      ),
    ),
  ];
}

function drawBand(band: NonNullable<CurveSeries['band']>, x: Scale, y: Scale, className: string): Markup {
  const finite = band.filter((part) => part.every(Number.isFinite));
  if (finite.length < 2) return null;
  const corners = [
    ...finite.map(([at, , high]) => `${formatCoordinate(x(at))} ${formatCoordinate(y(high))}`),
    ...finite.toReversed().map(([at, low]) => `${formatCoordinate(x(at))} ${formatCoordinate(y(low))}`),
  ];
  return element('path', { class: `band ${className}`, d: `M${corners.join('L')}Z` });
}

function boundsOf(values: readonly number[]): { low: number; high: number } {
  if (values.length === 0) return { low: 0, high: 1 };
  return {
    low: values.reduce((low, value) => Math.min(low, value)),
    high: values.reduce((high, value) => Math.max(high, value)),
  };
}
