import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { makeEpisode } from '../__fixtures__/make-episode.js';
import { element, renderMarkup } from './markup.js';
import { renderReport } from './render-report.js';
import type { ReportOptions } from './report-options.js';

/** A report with the given text in every place that takes text. */
function reportOf(text: string): string {
  const figure = { mean: 0.5, low: 0.4, high: 0.6, count: 10 };
  const trajectory = makeEpisode({
    task: { question: text, goldenAnswers: [text] },
    segments: [
      { kind: 'prompt', text },
      { kind: 'policy', text: `${text}<think>${text}</think><search>${text}</search><answer>${text}</answer>` },
      { kind: 'observation', text: `<information>${text}</information>${text}` },
    ],
    outcome: { answer: text, correct: false, endedBy: 'error', error: text },
  });
  const options: ReportOptions = {
    title: text,
    subtitle: text,
    language: text,
    highlights: [{ label: text, value: text, note: text }],
    tables: [
      {
        title: text,
        columns: [text, { header: text }],
        rows: [
          [text, figure],
          [text, text],
        ],
        caption: text,
      },
    ],
    bars: [
      { title: text, categories: [text], series: [{ name: text, values: [figure] }], yLabel: text, caption: text },
    ],
    radar: { title: text, axes: [text, text, text], series: [{ name: text, values: [1, 0, 1] }], caption: text },
    curves: [
      {
        title: text,
        xLabel: text,
        yLabel: text,
        series: [
          {
            name: text,
            points: [
              [0, 1],
              [1, 2],
            ],
          },
          { name: text, points: [] },
        ],
        caption: text,
      },
    ],
    comparisons: [
      {
        sides: [
          { label: text, trajectory },
          { label: text, trajectory },
        ],
      },
    ],
    breakdowns: [
      {
        title: text,
        rows: [{ label: text, note: text, value: figure, episodes: 3, examples: [{ text, anchor: text }] }],
        caption: text,
      },
    ],
    transcripts: [{ label: text, trajectory, anchor: 'episode-1', facts: [{ name: text, value: text }] }],
    notes: [text],
  };
  return renderReport(options);
}

/** The tags of a page; `>` is escaped in text and attributes, so a tag ends at the first one. */
const tagsOf = (html: string) => html.match(/<[^>]*>/g) ?? [];
const namesOf = (html: string) => tagsOf(html).map((tag) => tag.match(/^<\/?([^\s>]*)/)?.[1]);

const attacks = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><script>alert(1)</script>',
  '</title><svg onload=alert(1)>',
  '<!-- --><![CDATA[ ]]>',
  'javascript:alert(1)',
  '&lt;script&gt;',
  '</think></search><answer><iframe src="https://example.org">',
  '\u0000<scr\u0000ipt>',
];

test.each(attacks)('stays text: %s', (attack) => {
  const harmless = attack.replace(/[^ ]/g, 'x');
  const html = reportOf(attack);
  const allowed = new Set(namesOf(reportOf(harmless)));
  for (const name of namesOf(html)) expect(allowed).toContain(name);
  for (const tag of tagsOf(html)) {
    if (tag.startsWith('<a ')) expect(tag).toMatch(/ href="#/);
    const attributes = [...tag.replace(/"[^"]*"/g, '""').matchAll(/\s([^\s=>]+)/g)].map((match) => match[1]);
    for (const attribute of attributes) expect(attribute).not.toMatch(/^(on.*|src|style|srcdoc|action)$/i);
    if (!tag.startsWith('<a ')) expect(attributes).not.toContain('href');
  }
});

property.prop([fc.string({ unit: 'binary' })])('any text comes back out of the page unchanged', (text) => {
  const html = renderMarkup(element('p', { title: text }, text));
  const decode = (escaped: string) =>
    escaped.replace(
      /&(amp|lt|gt|quot|#39);/g,
      (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name] ?? '',
    );
  const [, attribute = '', content = ''] = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(html) ?? [];
  expect(decode(attribute)).toBe(text.replaceAll('\u0000', '\ufffd'));
  expect(decode(content)).toBe(text.replaceAll('\u0000', '\ufffd'));
});

test('asks the network for nothing', () => {
  const html = reportOf('text');
  expect(html).not.toMatch(/https?:|url\(|@import|<script|<link|<img|<iframe/i);
  expect(html).toContain('default-src &#39;none&#39;');
});

test('same options, same bytes; nothing but a title is fine', () => {
  expect(reportOf('a')).toBe(reportOf('a'));
  const html = renderReport({ title: 'Bare' });
  expect(html).toContain('<h1>Bare</h1>');
  expect(html).not.toMatch(/<section|<figure/);
});

test('a comparison shows the question once and each side with its verdict', () => {
  const wrong = makeEpisode({ outcome: { correct: false, reward: 0, answer: 'dollar' } });
  const html = renderReport({
    title: 'a',
    comparisons: [
      {
        sides: [
          { label: 'before', trajectory: wrong },
          { label: 'after', trajectory: makeEpisode() },
        ],
      },
    ],
  });
  expect(html.match(/What money is used in Peru\?/g)).toHaveLength(1);
  expect(html).toContain('✗ before');
  expect(html).toContain('✓ after');
  expect(html.match(/<section aria-label=/g)).toHaveLength(2);
  expect(() => renderReport({ title: 'a', comparisons: [{ sides: [] }] })).toThrow(RangeError);
});

test('both colour schemes and narrow screens have their rules', () => {
  expect(reportOf('a')).toContain('prefers-color-scheme:dark');
  expect(reportOf('a')).toContain('name="viewport"');
});

test('a style sheet that could end its element is refused', () => {
  expect(() => renderMarkup(element('style', {}, 'a{}</style>'))).toThrow(RangeError);
});
