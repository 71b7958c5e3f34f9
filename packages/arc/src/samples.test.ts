import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { logFormats } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from './run-program.js';

const samples = fileURLToPath(new URL('../samples/', import.meta.url));
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-arc-samples-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(...words: string[]) {
  const streams = { out: '', error: '' };
  const code = await runProgram(words, {
    writeOut: (text) => {
      streams.out += text;
    },
    writeError: (text) => {
      streams.error += text;
    },
  });
  return { code, ...streams };
}

/**
 * The invented samples hold the same three episodes. q1: two searches, the second finds the gold answer "sol", answered right. q2: one
 * search finds "William Shakespeare", answered wrong. q3: "yes" without a search, right. So EM is 2/3, searches (2 + 1 + 0) / 3 = 1, and of
 * the two whose answer can be found in text, the first query hits in one, any query in both.
 */
const invented = {
  exactMatch: { mean: 2 / 3, count: 3 },
  coverExactMatch: { mean: 2 / 3, count: 3 },
  correct: { mean: 2 / 3, count: 3 },
  answered: { mean: 1, count: 3 },
  executedSearches: { mean: 1, count: 3 },
  firstQueryAnswerHit: { mean: 1 / 2, count: 2 },
  anyQueryAnswerHit: { mean: 1, count: 2 },
};

const expected: Record<string, Record<string, { mean: number; count: number }>> = {
  // In these two, q3 has an invalid turn before its answer: (1 + 1 + 1/2) / 3.
  dgpo: { ...invented, validActionRate: { mean: 5 / 6, count: 3 } },
  'search-r1': { ...invented, validActionRate: { mean: 5 / 6, count: 3 } },
  react: { ...invented, validActionRate: { mean: 1, count: 3 } },
  openai: { ...invented, validActionRate: { mean: 1, count: 3 } },
  verifiers: { ...invented, validActionRate: { mean: 1, count: 3 } },
  smolagents: { ...invented, validActionRate: { mean: 1, count: 3 } },
  // 20 June 1837: one search, in its fifth passage, right. Jimmy Fallon: one search, in no passage, wrong. Yes: right without a search.
  // Helium: one search, right, though no passage of it says the name.
  'r1-searcher': {
    exactMatch: { mean: 3 / 4, count: 4 },
    correct: { mean: 3 / 4, count: 4 },
    executedSearches: { mean: 3 / 4, count: 4 },
    firstQueryAnswerHit: { mean: 1 / 3, count: 3 },
    anyQueryAnswerHit: { mean: 1 / 3, count: 3 },
    validActionRate: { mean: 1, count: 4 },
  },
};

describe.each(logFormats)('the sample of %s', (format) => {
  const path = join(samples, `${format}.jsonl`);

  test('gives the report and the figures by hand', async () => {
    const out = join(folder, format);
    const { code, error } = await run('score', path, '--format', format, '--out', out, '--bootstrap-samples', '20');
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect((await readdir(out)).sort()).toEqual(['episodes.jsonl', 'report.html', 'results.json']);
    const { arc, log } = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
    const { figures, episodes } = arc.overall;
    expect(log).toEqual({ format, episodes, withoutGoldenAnswers: 0, rejected: 0, rejections: [] });
    for (const [name, { mean, count }] of Object.entries(expected[format] ?? {})) {
      expect([name, figures[name].count]).toEqual([name, count]);
      expect(figures[name].mean, name).toBeCloseTo(mean, 12);
    }
  });

  test('is told by its shape', async () => {
    const { code, out } = await run('score', path, '--json', '--bootstrap-samples', '1');
    expect(code).toBe(0);
    expect(JSON.parse(out).log.format).toBe(format);
  });
});

test('logs of two systems are compared by their questions', async () => {
  const { code, out } = await run('compare', join(samples, 'search-r1.jsonl'), join(samples, 'openai.jsonl'), '--json');
  expect(code).toBe(0);
  const { sharedTasks, logs } = JSON.parse(out);
  expect(sharedTasks).toBe(3);
  expect([logs.baseline.format, logs.candidate.format]).toEqual(['search-r1', 'openai']);
});

test('the README names the command of each', async () => {
  const readme = await readFile(join(samples, '../README.md'), 'utf8');
  for (const format of logFormats) {
    expect(readme).toContain(`npx dgpo-arc score node_modules/@dgpo/arc/samples/${format}.jsonl --format ${format}`);
  }
});
