import { expect, test } from 'vitest';
import { niceAxis } from './axis.js';
import { barChart } from './bar-chart.js';
import { lineChart } from './line-chart.js';
import { renderMarkup } from './markup.js';
import { radarChart } from './radar-chart.js';
import { wrapLabel } from './wrap-label.js';

test('ticks are round and enclose the values', () => {
  const shares = niceAxis({ low: 0.03, high: 0.83 });
  expect(shares.ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(shares.ticks.map(shares.format)).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
  const tokens = niceAxis({ low: 0, high: 1_234_567 });
  expect(tokens.ticks.map(tokens.format)).toEqual([
    '0',
    '250\u202f000',
    '500\u202f000',
    '750\u202f000',
    '1\u202f000\u202f000',
    '1\u202f250\u202f000',
  ]);
  const small = niceAxis({ low: 0, high: 0.0004 });
  expect(small.ticks.map(small.format)).toEqual(['0.0000', '0.0001', '0.0002', '0.0003', '0.0004']);
});

test('a tight axis keeps its bounds, an empty range gets one', () => {
  expect(niceAxis({ low: 3, high: 97, tight: true })).toMatchObject({ low: 3, high: 97, ticks: [20, 40, 60, 80] });
  expect(niceAxis({ low: 5, high: 5 })).toMatchObject({ low: 4.4, high: 5.6 });
});

test('labels break at blanks', () => {
  expect(wrapLabel('fiction, two hops', 12, 2)).toEqual(['fiction, two', 'hops']);
  expect(wrapLabel('incomprehensibilities of language', 10, 2)).toEqual(['incompreh…', 'of langua…']);
});

test('a line breaks where a value is missing, and its points say what they are', () => {
  const svg = renderMarkup(
    lineChart({
      title: 't',
      xLabel: 'x',
      yRange: [0, 1],
      series: [
        {
          name: 'one',
          points: [
            [0, 0],
            [1, 1],
            [2, Number.NaN],
            [3, 1],
          ],
        },
      ],
    }),
  );
  expect(svg.match(/class="line s1" d="([^"]*)"/)?.[1]).toMatch(/^M\S+ \S+L\S+ \S+M\S+ \S+$/);
  expect(svg).toContain('<title>one: 1 at 3</title>');
  expect(svg).not.toContain('NaN');
});

test('the line ends at the corners of the axes', () => {
  const svg = renderMarkup(
    lineChart({
      title: 't',
      xLabel: 'x',
      yRange: [0, 1],
      series: [
        {
          name: 'one',
          points: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    }),
  );
  // three-character ticks: left = 14 + 3 · 6.8 = 34.4, and 6 inside of it; right = 460 - 14 - 6; top = 10, bottom = 280 - 42
  expect(svg).toContain('d="M40.4 238L440 10"');
});

test('bars are as high as their values', () => {
  const figure = { mean: 0.5, low: 0.25, high: 0.75, count: 4 };
  const svg = renderMarkup(
    barChart({ title: 't', categories: ['a', 'b'], series: [{ name: 'one', values: [figure, null] }], max: 1 }),
  );
  expect(svg.match(/<rect/g)).toHaveLength(1);
  // the axis is 228 units high: half of it is 114, from 10 + 114
  expect(svg).toMatch(/<rect[^>]* y="124"[^>]* height="114"/);
  // whiskers from 0.25 (10 + 171) to 0.75 (10 + 57)
  expect(svg).toMatch(/class="error" d="M\S+ 181V67M/);
  expect(svg).toContain('0.500 [0.250, 0.750]');
});

test('a radar puts 1 at the rim and clips beyond', () => {
  const svg = renderMarkup(
    radarChart({ title: 't', axes: ['a', 'b', 'c', 'd'], series: [{ name: 'one', values: [1, 0.5, 7, Number.NaN] }] }),
  );
  // centre (230, 171), radius 120: up 1, right 0.5, down 1 (clipped), left 0
  expect(svg).toContain('points="230,51 290,171 230,291 230,171"');
  expect(() => radarChart({ title: 't', axes: ['a', 'b'], series: [] })).toThrow(RangeError);
});

test('charts without data are drawn all the same', () => {
  expect(renderMarkup(lineChart({ title: 't', xLabel: 'x', series: [] }))).toContain('no data');
  expect(renderMarkup(barChart({ title: 't', categories: [], series: [] }))).not.toContain('NaN');
});

test('a series keeps the colour it is given, in the line and in the legend', () => {
  const points = [
    [0, 1],
    [1, 2],
  ] as const;
  const svg = renderMarkup(
    lineChart({
      title: 'reward',
      xLabel: 'update',
      series: [
        { name: 'dgpo', points, color: 3 },
        { name: 'ppo', points },
      ],
    }),
  );
  expect(svg).toContain('<i class="s4"></i>dgpo');
  expect(svg).toContain('<i class="s2"></i>ppo');
  expect(svg.match(/class="line s\d/g)).toEqual(['class="line s4', 'class="line s2']);
});
