import type { Axis } from './axis.js';
import { chartWidth } from './chart-frame.js';
import { element, type Markup } from './markup.js';

/** Where a chart with a vertical axis draws. */
export interface PlotArea {
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** Height of the whole drawing. */
  height: number;
  /** The vertical coordinate of a value. */
  y: (value: number) => number;
}

/** Leaves room for the numbers of the vertical axis, and above for its name. */
export function plotArea(axis: Axis, yLabel: string | undefined): PlotArea {
  const longest = Math.max(...axis.ticks.map((tick) => axis.format(tick).length), 1);
  const height = yLabel === undefined ? 280 : 294;
  const top = height - 270;
  const bottom = height - 42;
  return { left: 14 + longest * 6.8, right: chartWidth - 14, top, bottom, height, y: scale(axis, bottom, top) };
}

/** Maps a value of an axis to a coordinate. */
export const scale =
  (axis: Pick<Axis, 'low' | 'high'>, from: number, to: number) =>
  (value: number): number =>
    from + ((value - axis.low) / (axis.high - axis.low)) * (to - from);

/** Horizontal grid lines with their numbers, and the name of the vertical axis on top. */
export function verticalAxis(axis: Axis, { left, right, y }: PlotArea, label: string | undefined): Markup {
  return [
    axis.ticks.map((tick) => [
      element('line', { class: tick === 0 ? 'base' : 'rule', x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      element('text', { x: left - 7, y: y(tick) + 4, 'text-anchor': 'end' }, axis.format(tick)),
    ]),
    label === undefined ? null : element('text', { x: 0, y: 10 }, label),
  ];
}
