import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTrajectories } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer, makeEpisode, passage, search } from './__fixtures__/make-episode.js';
import { runProgram } from './run-program.js';

let folder = '';
const path = (name: string) => join(folder, name);

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

const episodes = (isRight: (index: number) => boolean) =>
  Array.from({ length: 12 }, (_, index) =>
    makeEpisode({
      id: `q${index}`,
      task: { metadata: { hops: (index % 2) + 1 } },
      actions: [search(0, 'money', [passage('Money', 'the sol')]), answer(1, isRight(index) ? 'sol' : 'dollar')],
      segments: [{ kind: 'policy', text: '<answer>x</answer>', tokenIds: [1, 2] }],
      outcome: isRight(index) ? {} : { correct: false, reward: 0, answer: 'dollar' },
    }),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-arc-'));
  await writeTrajectories(
    path('a.jsonl'),
    episodes((index) => index < 3),
  );
  await writeTrajectories(
    path('b.jsonl'),
    episodes((index) => index < 9),
  );
  await writeFile(path('empty.jsonl'), '');
  await writeFile(path('broken.jsonl'), '{"id": 1}\n');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('score prints a table and writes its files', async () => {
  const { code, out, error } = await run('score', path('a.jsonl'), '--out', path('report'), '--transcripts', '4');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  expect(out).toMatch(/^measure +all +1 hop +2 hops$/m);
  expect(out).toMatch(/^exact match +0\.250 \[/m);
  expect((await readdir(path('report'))).sort()).toEqual(['episodes.jsonl', 'report.html', 'results.json']);
  const results = JSON.parse(await readFile(path('report/results.json'), 'utf8'));
  expect(results.results.search_qa['exact_match,none']).toBe(0.25);
  expect(results.arc.overall.figures.exactMatch).toMatchObject({ mean: 0.25, count: 12 });
  const lines = (await readFile(path('report/episodes.jsonl'), 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(12);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ id: 'q0#0', exactMatch: 1, queries: ['money'] });
  const html = await readFile(path('report/report.html'), 'utf8');
  expect(html.match(/<details class="transcript"/g)).toHaveLength(4);
  expect(html.match(/✗ wrong/g)).toHaveLength(2);
});

test('causes are in every output, and each figure of the report links to an episode that is in it', async () => {
  const { out } = await run('score', path('a.jsonl'), '--out', path('causes'), '--group-by', 'none');
  // 9 of 12 failed, all with the golden answer before them.
  expect(out).toMatch(/^failed episodes +9$/m);
  expect(out).toMatch(/^failed: evidence not used +1\.000 \[/m);
  const { arc } = JSON.parse(await readFile(path('causes/results.json'), 'utf8'));
  expect(arc.overall.failed).toBe(9);
  expect(arc.overall.causes['evidence-not-used']).toEqual({
    episodes: 9,
    share: { mean: 1, low: 1, high: 1, count: 9 },
  });
  const lines = (await readFile(path('causes/episodes.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ cause }) => cause?.name ?? null)).toEqual(
    lines.map(({ correct }) => (correct ? null : 'evidence-not-used')),
  );
  expect(lines[11].cause).toMatchObject({ turn: 0, passage: 'Money' });
  const html = await readFile(path('causes/report.html'), 'utf8');
  const links = [...html.matchAll(/href="#([^"]*)"/g)].map((match) => match[1]);
  const anchors = new Set([...html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]));
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !anchors.has(link))).toEqual([]);
  expect(html).toContain('A golden answer stands in “Money”, retrieved for “money”; the answer was “dollar”.');
});

test('the same command writes the same bytes', async () => {
  await run('score', path('a.jsonl'), '--out', path('one'), '--seed', '5');
  await run('score', path('a.jsonl'), '--out', path('two'), '--seed', '5');
  for (const name of await readdir(path('one'))) {
    expect(await readFile(path(`one/${name}`), 'utf8')).toBe(await readFile(path(`two/${name}`), 'utf8'));
  }
});

test('--json prints one object', async () => {
  const { out } = await run('score', path('b.jsonl'), '--json', '--task', 'atlas', '--group-by', 'none');
  const printed = JSON.parse(out);
  expect(Object.keys(printed.results)).toEqual(['atlas']);
  expect(printed.arc.overall.figures.f1.mean).toBe(0.75);
});

test('compare prints differences and tests', async () => {
  const { code, out } = await run('compare', path('a.jsonl'), path('b.jsonl'), '--out', path('comparison'));
  expect(code).toBe(0);
  expect(out).toMatch(/^exact match +0\.250 +0\.750 +0\.500 \[/m);
  // Six of six disagreements are for the candidate: 2 / 2^6
  expect(out).toContain('6 right only in the candidate, 0 only in the baseline, p = 0.031');
  const { mcnemar } = JSON.parse(await readFile(path('comparison/comparison.json'), 'utf8'));
  expect(mcnemar.pValue).toBeCloseTo(0.03125, 12);
  expect(await readFile(path('comparison/report.html'), 'utf8')).toContain('b.jsonl against a.jsonl');
  expect(await readFile(path('comparison/report.html'), 'utf8')).toContain('Why episodes of b.jsonl failed');
  const json = await run('compare', path('a.jsonl'), path('b.jsonl'), '--json');
  expect(JSON.parse(json.out).sharedTasks).toBe(12);
  // 9 of 12 against 3 of 12 failed with the evidence before them.
  expect(out).toMatch(/^failed: evidence not used +0\.750 +0\.250 +-0\.500 \[/m);
  const { causes } = JSON.parse(json.out);
  expect(Object.keys(causes)).toEqual(['evidence-not-used']);
  expect(causes['evidence-not-used']).toMatchObject({
    baseline: 0.75,
    candidate: 0.25,
    difference: { mean: -0.5, count: 12 },
  });
});

test.each([
  { words: ['score'], message: "missing required argument 'logs.jsonl'" },
  { words: ['score', 'nowhere.jsonl'], message: 'nowhere.jsonl' },
  { words: ['score', 'empty.jsonl'], message: 'no episodes' },
  { words: ['score', 'broken.jsonl'], message: 'broken.jsonl:1' },
  { words: ['score', 'a.jsonl', '--seed', 'x'], message: 'whole number' },
  { words: ['score', 'a.jsonl', '--group-by', 'colour'], message: 'colour' },
  { words: ['scor'], message: 'Did you mean score?' },
])('$words fails with one line and code 2', async ({ words, message }) => {
  const { code, out, error } = await run(...words.map((word) => (word.endsWith('.jsonl') ? path(word) : word)));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(error).toContain(message);
  expect(error.trim().split('\n').length).toBeLessThanOrEqual(2);
  expect(error).not.toMatch(/^\s+at /m);
});

test('files without a common question are compared with a warning', async () => {
  await writeTrajectories(path('other.jsonl'), [makeEpisode({ id: 'other' })]);
  const { code, error } = await run('compare', path('a.jsonl'), path('other.jsonl'));
  expect(code).toBe(0);
  expect(error).toContain('no question in common');
});

test('help', async () => {
  expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await run('--help')).out).toMatchInlineSnapshot(`
    "Usage: dgpo-arc [options] [command]

    Agentic RAG Capabilities: score and compare the logs of search agents

    Options:
      -V, --version                                         output the version number
      -h, --help                                            display help for command

    Commands:
      score [options] <logs.jsonl>                          score the episodes of a log
      compare [options] <baseline.jsonl> <candidate.jsonl>  compare two models on the questions that both answered
      agreement [options] <labels.jsonl>                    compare causes given by hand with the decision list
      components [options] <questions.jsonl>                measure source referencing, thinking and query rewriting of a model behind an API
      judge [options] <logs.jsonl>                          have a model behind an API judge the answers, beside exact match
      help [command]                                        display help for command
    "
  `);
  expect((await run('score', '--help')).out).toMatchInlineSnapshot(`
    "Usage: dgpo-arc score [options] <logs.jsonl>

    score the episodes of a log

    Arguments:
      logs.jsonl               episodes: JSONL or a JSON list

    Options:
      --format <name>          what wrote the logs; auto goes by the first record
                               (choices: "auto", "dgpo", "smolagents", "verifiers",
                               "openai", "r1-searcher", "search-r1", "react",
                               default: "auto")
      --strict                 stop with an error at the first record that is no
                               episode
      --out <folder>           write results.json (as lm-eval does), episodes.jsonl
                               and report.html there
      --json                   print one JSON object with every figure instead of a
                               table
      --bootstrap-samples <n>  resamples of the 95 % intervals (default: 1000)
      --seed <n>               seed of the resampling (default: 0)
      --group-by <key>         what to break figures down by; auto takes hops, else
                               type (choices: "auto", "hops", "type", "environment",
                               "policy", "none", default: "auto")
      --task <name>            name of the task in results.json (default:
                               "search_qa")
      --transcripts <n>        episodes to show in the report, some of every cause
                               (default: 20)
      -h, --help               display help for command
    "
  `);
  expect((await run('compare', '--help')).out).toMatchInlineSnapshot(`
    "Usage: dgpo-arc compare [options] <baseline.jsonl> <candidate.jsonl>

    compare two models on the questions that both answered

    Arguments:
      baseline.jsonl           episodes of the model to compare against
      candidate.jsonl          episodes of the model in question

    Options:
      --format <name>          what wrote the logs; auto goes by the first record
                               (choices: "auto", "dgpo", "smolagents", "verifiers",
                               "openai", "r1-searcher", "search-r1", "react",
                               default: "auto")
      --strict                 stop with an error at the first record that is no
                               episode
      --out <folder>           write comparison.json and report.html there
      --json                   print one JSON object with every figure instead of a
                               table
      --bootstrap-samples <n>  resamples of the 95 % intervals (default: 1000)
      --seed <n>               seed of the resampling (default: 0)
      -h, --help               display help for command
    "
  `);
});
