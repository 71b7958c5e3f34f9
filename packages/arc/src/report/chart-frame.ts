import { element, type Markup, type MarkupElement } from './markup.js';

/** Width of every chart in its own units; the page scales it. */
export const chartWidth = 460;

/** Colours there are; further series start over, dashed. */
const colours = 7;

/** The class that gives a series its colour. */
export const seriesClass = (index: number): string => `s${(index % colours) + 1}${index >= colours ? ' dashed' : ''}`;

export interface FigureOptions {
  title: string;
  caption?: string | undefined;
  /** Names for the legend; none is drawn for fewer than two. */
  names: readonly string[];
  /** Number of the colour of each name. @default their order */
  colors?: readonly number[];
  /** Height of the drawing, in the units of {@link chartWidth}. */
  height: number;
}

/** A chart with its title, legend and caption. */
export function chartFigure(options: FigureOptions, ...drawing: readonly Markup[]): MarkupElement {
  const { title, caption, names, height, colors = names.map((_, index) => index) } = options;
  const legend = names.map((name, index) =>
    element('li', {}, element('i', { class: seriesClass(colors[index] ?? index) }), name),
  );
  return element(
    'figure',
    { class: 'card' },
    element('h3', {}, title),
    names.length < 2 ? null : element('ul', { class: 'legend' }, legend),
    element('svg', { viewBox: `0 0 ${chartWidth} ${height}`, role: 'img', 'aria-label': title }, ...drawing),
    caption === undefined ? null : element('figcaption', {}, caption),
  );
}
