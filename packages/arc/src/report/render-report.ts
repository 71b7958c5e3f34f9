import { barChart } from './bar-chart.js';
import { lineChart } from './line-chart.js';
import { element, type Markup, renderMarkup } from './markup.js';
import { radarChart } from './radar-chart.js';
import { renderBreakdown } from './render-breakdown.js';
import { renderTable } from './render-table.js';
import { renderComparison, renderTranscript } from './render-transcript.js';
import type { ReportOptions } from './report-options.js';
import { reportStyle } from './report-style.js';

/** Belt and braces: the page needs nothing but its own style, so the browser may refuse everything else. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

/**
 * A report as one self-contained HTML page: inline style and SVG, no script, no request, light and dark. All text is escaped, since
 * transcripts hold what a model wrote. The same options give the same bytes.
 *
 * @throws RangeError if the radar has fewer than three axes or a comparison no side.
 */
export function renderReport(options: ReportOptions): string {
  const { title, subtitle, highlights = [], tables = [], bars = [], radar, curves = [] } = options;
  const { comparisons = [], transcripts = [], notes = [], language = 'en' } = options;
  const { breakdowns = [], lead = 'tables' } = options;
  const charts = section('Charts', 'grid', [
    ...(radar === undefined ? [] : [radarChart(radar)]),
    ...bars.map(barChart),
    ...breakdowns.map(renderBreakdown),
  ]);
  const numbers = section(lead === 'tables' ? null : 'Figures', 'stack', tables.map(renderTable));
  const page = element(
    'html',
    { lang: language },
    element(
      'head',
      {},
      element('meta', { charset: 'utf-8' }),
      element('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
      element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      element('title', {}, title),
      element('style', {}, reportStyle),
    ),
    element(
      'body',
      {},
      element(
        'main',
        {},
        element('h1', {}, title),
        subtitle === undefined ? null : element('p', { class: 'subtitle' }, subtitle),
        highlights.length === 0 ? null : element('ul', { class: 'highlights' }, highlights.map(renderHighlight)),
        ...(lead === 'tables' ? [numbers, charts] : [charts, numbers]),
        section('Curves', 'grid', curves.map(lineChart)),
        section('Side by side', 'stack', comparisons.map(renderComparison)),
        section('Transcripts', 'stack', transcripts.map(renderTranscript)),
        notes.length === 0
          ? null
          : element(
              'section',
              { class: 'notes' },
              element('h2', {}, 'Notes'),
              notes.map((note) => element('p', {}, note)),
            ),
      ),
    ),
  );
  return `<!doctype html>\n${renderMarkup(page)}\n`;
}

const renderHighlight = ({ label, value, note }: NonNullable<ReportOptions['highlights']>[number]) =>
  element(
    'li',
    {},
    element('span', {}, label),
    element('strong', {}, value),
    note === undefined ? null : element('span', {}, note),
  );

function section(heading: string | null, className: string, children: readonly Markup[]): Markup {
  if (children.length === 0) return null;
  return element(
    'section',
    {},
    heading === null ? null : element('h2', {}, heading),
    element('div', { class: className }, children),
  );
}
