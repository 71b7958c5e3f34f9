import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { costReport } from '../cost/evaluation-cost.js';
import { readResultFiles } from './read-result-files.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-leaderboard-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(path: string, content: unknown) {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), typeof content === 'string' ? content : JSON.stringify(content));
}

const read = (measure?: string) => readResultFiles({ directory, ...(measure === undefined ? {} : { measure }) });

const figure = (mean: number | null) => ({ mean, low: mean, high: mean, count: mean === null ? 0 : 10 });

const own = (model: unknown, sets: Record<string, unknown>, settings: unknown = { temperature: 0 }) => ({
  results: Object.fromEntries(Object.keys(sets).map((name) => [name, { alias: name, 'exact_match,none': 0.5 }])),
  model_name: model,
  dgpo: { formatVersion: 1, settings, sets: Object.entries(sets).map(([name, set]) => ({ name, ...(set as object) })) },
});

const scoreOf = (kind: string, mean: number) => ({ kind, questions: 7, score: figure(mean) });

const facts = { overall: { tasks: 10, figures: { exactMatch: figure(0.5), f1: figure(0.6) } } };

test('results of dgpo-eval: measures, components apart from searching, mathematics by equivalence, cost and sampling', async () => {
  const components = { sourceReferencing: { exactMatch: figure(0.9) } };
  const settings = { temperature: 0.7, samplesPerTask: 4, seed: 3, shuffledPassages: true };
  const sets = {
    facts: { ...facts, samples: 'facts/episodes.jsonl', arc: components, score: scoreOf('question-answering', 0.1) },
    'math-500': { ...facts, samples: 'samples_math_500.jsonl', score: scoreOf('mathematics', 0.25) },
  };
  write('runs/tiny/results.json', own('tiny', sets, settings));
  write('runs/tiny/facts/results.json', own('tiny', { facts }));
  const line = { set: 'facts', id: '0', taskId: '0', engine: 'wasm', seconds: 2, modelCalls: 1, promptTokens: 2 };
  const cost = costReport([{ ...line, policyTokens: 3, searches: 1, failed: false, peakMemoryBytes: 9 }]);
  write('runs/tiny/cost.json', { formatVersion: 1, ...cost });
  const { results, leftOut } = await read();
  expect(leftOut).toEqual([]);
  expect(results).toEqual([
    {
      path: 'runs/tiny/results.json',
      model: 'tiny',
      origin: 'dgpo-eval',
      higherIsBetter: true,
      sampling: 'temperature 0.7, 4 samples, seed 3, shuffled passages',
      cost: cost.overall,
      figures: new Map([
        ['facts', { figure: figure(0.5), questions: 10 }],
        ['math-500', { figure: figure(0.25), questions: 7 }],
      ]),
    },
  ]);
  const [f1] = (await read('f1')).results;
  expect(f1?.figures.get('math-500')?.figure.mean).toBe(0.6);
  const [reading] = (await read('sourceReferencing')).results;
  expect([...(reading?.figures ?? [])]).toEqual([['facts', { figure: figure(0.9), questions: 10 }]]);
});

test('results of dgpo-arc have one set', async () => {
  const results = { search_qa: { 'exact_match,none': 0.5 }, search_qa_1_hop: { 'exact_match,none': 1 } };
  write('results.json', { results, model_name: null, arc: facts });
  const [first] = (await read('exact_match')).results;
  expect(first).toMatchObject({ model: 'unnamed', origin: 'dgpo-arc' });
  expect([...(first?.figures.keys() ?? [])]).toEqual(['search_qa']);
});

test('results of lm-eval: filters, groups, standard errors, samples and generation as it writes them', async () => {
  write('org__model/results_2024-05-01T10-00-00.json', {
    results: {
      gsm8k: {
        alias: 'gsm8k',
        'exact_match,strict-match': 0.4,
        'exact_match_stderr,strict-match': 0.05,
        'exact_match,flexible-extract': 0.45,
        'exact_match_stderr,flexible-extract': 0.01,
      },
      nq_open: {
        alias: 'nq_open',
        'exact_match,remove_whitespace': 0.2,
        'exact_match_stderr,remove_whitespace': 'N/A',
      },
      mmlu: { 'acc,none': 0.6, 'acc_stderr,none': 0.01 },
      mmlu_anatomy: { 'acc,none': 0.7, 'acc_stderr,none': 0.02 },
      wikitext: { 'word_perplexity,none': 12 },
    },
    group_subtasks: { mmlu: ['mmlu_anatomy'], gsm8k: [] },
    configs: {
      gsm8k: { generation_kwargs: { do_sample: false } },
      nq_open: { generation_kwargs: { do_sample: false } },
    },
    'n-shot': { gsm8k: 5, nq_open: 5 },
    'n-samples': { gsm8k: { original: 1319, effective: 100 } },
    higher_is_better: { wikitext: { word_perplexity: false } },
    config: { model: 'hf', model_args: 'pretrained=org/model,dtype=float32', gen_kwargs: null, limit: 100 },
  });
  const [strict] = (await read()).results;
  expect(strict).toMatchObject({ model: 'org/model', origin: 'lm-eval', sampling: 'greedy, 5-shot, first 100' });
  const [gsm8k, nq] = [...(strict?.figures ?? [])];
  expect(gsm8k).toEqual([
    'gsm8k (strict-match)',
    // 0.4 ± 1.96 · 0.05
    {
      questions: 100,
      figure: { mean: 0.4, low: expect.closeTo(0.302, 12), high: expect.closeTo(0.498, 12), count: 100 },
    },
  ]);
  expect(nq).toMatchObject([
    'nq_open (remove_whitespace)',
    { questions: null, figure: { mean: 0.2, low: Number.NaN } },
  ]);
  const names = async (measure: string) => [...((await read(measure)).results[0]?.figures.keys() ?? [])];
  expect(await names('exact_match,flexible-extract')).toEqual(['gsm8k (flexible-extract)']);
  expect(await names('acc')).toEqual(['mmlu']);
  expect((await read('word_perplexity')).results[0]?.higherIsBetter).toBe(false);
});

test('older files of lm-eval have no filters and name the model among its arguments; NaN of Python is no figure', async () => {
  write('old.json', {
    results: { piqa: { acc: 0.6, acc_stderr: 0.1 } },
    config: { model_args: { pretrained: 'gpt2' }, gen_kwargs: 'temperature=0.5' },
  });
  write(
    'nan.json',
    '{"results": {"piqa": {"acc,none": NaN, "acc_stderr,none": -Infinity}, "arc \\"NaN": {"acc,none": 0.5}}}',
  );
  const { results, leftOut } = await read('acc');
  expect(leftOut).toEqual([]);
  expect(results.map(({ model, sampling }) => [model, sampling])).toEqual([
    ['unnamed', ''],
    ['gpt2', 'temperature=0.5'],
  ]);
  expect([...(results[0]?.figures.keys() ?? [])]).toEqual(['arc "NaN']);
  expect(results[1]?.figures.get('piqa')?.figure.high).toBeCloseTo(0.796, 12);
});

test('whatever is no result is told with the reason', async () => {
  write('a/results.json', '{"results": {');
  write('b/config.json', { hidden_size: 8 });
  write('c/list.json', '[1, 2]');
  write('d/results.json', own('tiny', { facts: { overall: { figures: { exactMatch: figure(null) } } }, broken: {} }));
  write('e/results.json', { results: { piqa: { 'acc,none': 0.5 }, boolq: 'none' } });
  write('f/evaluation.json', '{');
  write('g/results.json', own('good', { facts }, null));
  write('g/settings.json', {});
  write('h/settings.json', {});
  write('g/cost.json', '{"formatVersion": 1}');
  write('.cache/results.json', own('hidden', { facts }));
  write('node_modules/results.json', own('module', { facts }));
  symlinkSync(directory, join(directory, 'loop'));
  const { results, leftOut } = await read();
  expect(results.map(({ model, sampling }) => ({ model, sampling }))).toEqual([{ model: 'good', sampling: '' }]);
  expect(leftOut).toEqual([
    { path: 'a/results.json', reason: expect.stringMatching(/^is no JSON: /) },
    { path: 'b/config.json', reason: 'holds no results of an evaluation' },
    { path: 'c/list.json', reason: 'holds no results of an evaluation' },
    { path: 'd/results.json', reason: 'has no figure of exactMatch; it has exact_match' },
    { path: 'e/results.json', reason: 'has no figure of exactMatch; it has acc' },
    { path: 'f/evaluation.json', reason: 'is a stage of a run, which dgpo-eval report shows' },
    { path: 'g/cost.json', reason: 'is no cost of an evaluation as dgpo-eval run writes it' },
    { path: 'h/settings.json', reason: 'holds no results of an evaluation' },
  ]);
});

test('a folder that is none is an error, an empty one holds nothing', async () => {
  expect(await read()).toEqual({ results: [], leftOut: [] });
  await expect(readResultFiles({ directory: join(directory, 'none') })).rejects.toThrow(/none: is no folder/);
});
