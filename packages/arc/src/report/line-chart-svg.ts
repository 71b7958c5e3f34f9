import { chartWidth, seriesClass } from './chart-frame.js';
import { lineChart } from './line-chart.js';
import { element, type Markup, type MarkupElement, renderMarkup } from './markup.js';
import type { ReportCurve } from './report-options.js';

const style = `
svg{--page:#fff;--ink:#1d1f23;--soft:#60646c;--grid:#e9e7e2;--base:#9a9da3;
--s1:#2563c9;--s2:#d9720b;--s3:#1c8a5b;--s4:#b0357f;--s5:#6d5bd0;--s6:#8a6d1a;--s7:#4b5563}
@media (prefers-color-scheme:dark){svg{--page:#1b1d21;--ink:#e8e8e6;--soft:#a0a4ad;--grid:#2a2d33;--base:#6d717a;
--s1:#6ea8ff;--s2:#ffab5c;--s3:#5fd0a0;--s4:#f48cc6;--s5:#b3a6ff;--s6:#dcc26b;--s7:#b5bac4}}
text{font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--soft)}
.title{font-size:13px;font-weight:600;fill:var(--ink)}
.page{fill:var(--page)}.rule{stroke:var(--grid);fill:none}line.base{stroke:var(--base)}
.line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.dashed.line{stroke-dasharray:5 4}.band{fill:currentColor;opacity:.15}
.dot{fill:currentColor}.quiet{opacity:0}.key{fill:currentColor}
.s1{color:var(--s1)}.s2{color:var(--s2)}.s3{color:var(--s3)}.s4{color:var(--s4)}.s5{color:var(--s5)}.s6{color:var(--s6)}.s7{color:var(--s7)}
`;

const margin = 14;
const lineHeight = 17;
/** Of a character of the legend, on average. */
const characterWidth = 6.3;

/** Places the names of the legend in lines as wide as the chart. */
function placeNames(names: readonly string[]): { x: number; line: number }[] {
  let x = 0;
  let line = 0;
  return names.map((name) => {
    const width = 30 + name.length * characterWidth;
    if (x > 0 && x + width > chartWidth) {
      x = 0;
      line += 1;
    }
    const place = { x, line };
    x += width;
    return place;
  });
}

const isElement = (markup: Markup): markup is MarkupElement =>
  typeof markup === 'object' && markup !== null && 'name' in markup;

/** A chart of lines as an SVG file of its own, with title and legend; it loads nothing and follows the reader's colour scheme. */
export function lineChartSvg(curve: ReportCurve): string {
  const { title, series } = curve;
  const drawing = lineChart(curve)
    .children.filter(isElement)
    .find(({ name }) => name === 'svg');
  const height = Number(String(drawing?.attributes.viewBox).split(' ')[3]);
  const places = placeNames(series.map(({ name }) => name));
  const top = margin + 22 + ((places.at(-1)?.line ?? 0) + 1) * lineHeight;
  const width = chartWidth + 2 * margin;
  const total = top + height + margin;
  const legend = series.map(({ name, color }, index) => {
    const { x = 0, line = 0 } = places[index] ?? {};
    const y = margin + 22 + line * lineHeight;
    return element(
      'g',
      { class: seriesClass(color ?? index) },
      element('rect', { class: 'key', x: margin + x, y, width: 11, height: 11, rx: 3 }),
      element('text', { x: margin + x + 16, y: y + 10 }, name),
    );
  });
  return renderMarkup(
    element(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        viewBox: `0 0 ${width} ${total}`,
        width: 1.5 * width,
        height: 1.5 * total,
        role: 'img',
        'aria-label': title,
      },
      element('style', {}, style),
      element('rect', { class: 'page', x: 0, y: 0, width, height: total, rx: 8 }),
      element('text', { class: 'title', x: margin, y: margin + 11 }, title),
      legend,
      element('g', { transform: `translate(${margin} ${top})` }, drawing?.children ?? []),
    ),
  );
}
