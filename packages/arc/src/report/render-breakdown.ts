import { formatMean, formatRange } from '../format-number.js';
import { element, type MarkupElement } from './markup.js';
import type { BreakdownRow, ReportBreakdown } from './report-options.js';

/** Width of a bar of 1, in the units of its drawing. */
const whole = 1000;

/** Bars one below the other, each with its figure, its meaning and links to the episodes behind it. */
export function renderBreakdown({ title, rows, caption }: ReportBreakdown): MarkupElement {
  return element(
    'figure',
    { class: 'card' },
    element('h3', {}, title),
    element('ul', { class: 'breakdown' }, rows.map(renderRow)),
    caption === undefined ? null : element('figcaption', {}, caption),
  );
}

function renderRow({ label, note, value, episodes, examples = [] }: BreakdownRow): MarkupElement {
  const at = (share: number) => whole * Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  return element(
    'li',
    {},
    element('strong', {}, label),
    element(
      'span',
      { class: 'number' },
      `${formatMean(value)} `,
      element('small', {}, `${formatRange(value)} · ${episodes} ${episodes === 1 ? 'episode' : 'episodes'}`),
    ),
    element(
      'svg',
      { viewBox: `0 0 ${whole} 10`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      element('rect', { class: 'track', x: 0, y: 0, width: whole, height: 10 }),
      element('rect', { class: 's1', x: 0, y: 0, width: at(value.mean), height: 10 }),
      element('rect', {
        class: 'span',
        x: at(value.low),
        y: 4,
        width: Math.max(2, at(value.high) - at(value.low)),
        height: 2,
      }),
    ),
    note === undefined ? null : element('p', {}, note),
    examples.length === 0
      ? null
      : element(
          'p',
          {},
          'Such as ',
          examples.map(({ text, anchor }, index) => [
            index === 0 ? null : ' · ',
            element('a', { href: `#${anchor}`, dir: 'auto' }, text),
          ]),
        ),
  );
}
