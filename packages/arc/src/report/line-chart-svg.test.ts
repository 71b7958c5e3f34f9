import { expect, it } from 'vitest';
import { lineChartSvg } from './line-chart-svg.js';

const chart = (names: readonly string[]) =>
  lineChartSvg({
    title: 'Reward & <length>',
    xLabel: 'update',
    series: names.map((name) => ({ name, points: [[0, 0.1] as const, [10, 0.5] as const] })),
  });

it('stands alone: a namespace, a style, and nothing that is loaded', () => {
  const svg = chart(['dgpo']);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 488 \d+"/);
  expect(svg).toContain('Reward &amp; &lt;length&gt;');
  expect(svg.match(/https?:/g)).toHaveLength(1);
  expect(svg.match(/<svg/g)).toHaveLength(1);
});

it('names every line, in as many rows as they take', () => {
  const heightOf = (svg: string) => Number(/viewBox="0 0 488 (\d+)"/.exec(svg)?.[1]);
  const many = Array.from({ length: 8 }, (_, index) => `a method of some length ${index}`);
  for (const name of many) expect(chart(many)).toContain(`>${name}</text>`);
  expect(heightOf(chart(many))).toBe(heightOf(chart(['one'])) + 3 * 17);
});
