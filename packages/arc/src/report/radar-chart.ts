import { formatNumber } from '../format-number.js';
import { chartFigure, chartWidth, seriesClass } from './chart-frame.js';
import { element, formatCoordinate, type MarkupElement } from './markup.js';
import type { ReportRadar } from './report-options.js';
import { wrapLabel } from './wrap-label.js';

const height = 330;
const centre = { x: chartWidth / 2, y: height / 2 + 6 };
const radius = 120;
const rings = [0.25, 0.5, 0.75, 1];

/** A radar of capabilities: one axis each, from 0 in the middle to `max` at the rim. Throws RangeError for fewer than three axes. */
export function radarChart({ title, axes, series, max = 1, caption }: ReportRadar): MarkupElement {
  if (axes.length < 3) throw new RangeError(`a radar needs at least three axes, not ${axes.length}`);
  const direction = (index: number) => {
    const angle = (2 * Math.PI * index) / axes.length - Math.PI / 2;
    return { x: Math.cos(angle), y: Math.sin(angle) };
  };
  const point = (index: number, share: number) => {
    const { x, y } = direction(index);
    return { x: centre.x + x * radius * share, y: centre.y + y * radius * share };
  };
  const polygon = (shares: readonly number[]) =>
    shares
      .map((share, index) => point(index, share))
      .map(({ x, y }) => `${formatCoordinate(x)},${formatCoordinate(y)}`)
      .join(' ');
  const shareOf = (value: number | undefined) =>
    Number.isFinite(value) ? Math.min(1, Math.max(0, (value ?? 0) / max)) : 0;

  return chartFigure(
    { title, caption, names: series.map(({ name }) => name), height },
    rings.map((ring) => element('polygon', { class: 'rule', points: polygon(axes.map(() => ring)) })),
    axes.map((axis, index) => {
      const rim = point(index, 1);
      const { x, y } = direction(index);
      const anchor = Math.abs(x) < 0.2 ? 'middle' : x > 0 ? 'start' : 'end';
      const lines = wrapLabel(axis, Math.abs(x) < 0.2 ? 40 : 14, 3);
      const firstLine =
        centre.y +
        y * (radius + 12) +
        4 -
        (lines.length - 1) * (y < -0.9 ? 13 : y > 0.9 ? -3 : 6.5) +
        (y > 0.9 ? 4 : 0);
      return [
        element('line', { class: 'rule', x1: centre.x, y1: centre.y, x2: rim.x, y2: rim.y }),
        lines.map((line, row) =>
          element(
            'text',
            { class: 'axis', x: centre.x + x * (radius + 12), y: firstLine + row * 14, 'text-anchor': anchor },
            line,
          ),
        ),
      ];
    }),
    series.map(({ name, values }, index) => {
      const shares = axes.map((_, axis) => shareOf(values[axis]));
      return [
        element('polygon', { class: `area ${seriesClass(index)}`, points: polygon(shares) }),
        shares.map((share, axis) => {
          const { x, y } = point(axis, share);
          const text = `${name}, ${axes[axis] ?? ''}: ${formatNumber(values[axis] ?? Number.NaN)}`;
          return element(
            'circle',
            { class: `dot ${seriesClass(index)}`, cx: x, cy: y, r: 3 },
            element('title', {}, text),
          );
        }),
      ];
    }),
    [0.5, 1].map((ring) =>
      element('text', { class: 'ring', x: centre.x + 4, y: centre.y - radius * ring + 11 }, String(ring * max)),
    ),
  );
}
