import { readFile } from 'node:fs/promises';
import { trajectorySchema } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { cohensKappa } from '../metrics/cohens-kappa.js';
import { runProgram } from '../run-program.js';

const labels = new URL('../__fixtures__/labelled-episodes/labels.jsonl', import.meta.url).pathname;

async function run(...words: string[]) {
  let out = '';
  let error = '';
  const code = await runProgram(words, {
    writeOut: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
  });
  return { code, out, error };
}

test('Cohen’s kappa by hand', () => {
  const pairs: [string, string][] = [
    ['a', 'a'],
    ['a', 'a'],
    ['a', 'b'],
    ['b', 'b'],
  ];
  // 3 of 4 agree; by chance 3/4 · 2/4 + 1/4 · 2/4 = 1/2; (3/4 - 1/2) / (1 - 1/2) = 1/2
  expect(cohensKappa(pairs)).toEqual({
    count: 4,
    observed: 0.75,
    expected: 0.5,
    kappa: 0.5,
    confusion: { a: { a: 2, b: 1 }, b: { b: 1 } },
  });
  expect(cohensKappa([['a', 'a']]).kappa).toBe(1);
  expect(
    cohensKappa([
      ['a', 'b'],
      ['b', 'a'],
    ]).kappa,
  ).toBe(-1);
  expect(cohensKappa([]).kappa).toBeNaN();
});

test('the decision list agrees with a reader on 68 of 82 episodes', async () => {
  const { code, out } = await run('agreement', labels, '--json');
  expect(code).toBe(0);
  const agreement = JSON.parse(out);
  expect(agreement.count).toBe(82);
  expect(agreement.observed).toBeCloseTo(68 / 82, 12);
  // Labels by hand times causes by the list: (5·5 + 1·1 + 17·18 + 1·1 + 13·16 + 5·7 + 7·7 + 33·27) / 82² = 1516 / 6724
  expect(agreement.expected).toBeCloseTo(1516 / 6724, 12);
  // (68·82 - 1516) / (82² - 1516)
  expect(agreement.kappa).toBeCloseTo(4060 / 5208, 12);
  expect(agreement.disagreements).toHaveLength(14);
  const table = await run('agreement', labels);
  expect(table.out).toMatch(/^evidence not used +13 +16 +11$/m);
  expect(table.out).toContain("Cohen's kappa 0.780: 82.9 % of 82 episodes agree, 22.5 % would by chance.");
});

test('every labelled episode failed and says why it has its label', async () => {
  const lines = (await readFile(labels, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const line of lines) {
    expect(line.reason.length).toBeGreaterThan(10);
    expect(trajectorySchema.parse(line).outcome.correct).toBe(false);
  }
});

test('labels that are no causes are refused', async () => {
  const { code, error } = await run(
    'agreement',
    new URL('../__fixtures__/labelled-episodes/README.md', import.meta.url).pathname,
  );
  expect(code).toBe(2);
  expect(error).toContain('README.md:1');
});
