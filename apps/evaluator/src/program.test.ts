import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scoreTrajectories } from '@dgpo/arc';
import { loraShapes, readDecoderConfig, saveAdapter } from '@dgpo/lm';
import { type ComputePool, countCalls, createComputePool } from '@dgpo/trainer';
import { type Trajectory, writeTrajectories } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { episode, writeTinyWorld } from './__fixtures__/tiny-world.js';
import { runProgram } from './program.js';
import { openServedFolder } from './viewer/served-folder.js';
import { createSniffer } from './viewer/sniff-files.js';

const folder = mkdtempSync(join(tmpdir(), 'dgpo-eval-'));
let pool: ComputePool;

beforeAll(async () => {
  await writeTinyWorld(folder);
  pool = await createComputePool({ engine: 'cpu', workers: 0 });
});

afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

function surroundings(signal = new AbortController().signal) {
  const text = { out: '', error: '' };
  const stream = (name: 'out' | 'error') => ({
    write: (part: string) => {
      text[name] += part;
      return true;
    },
  });
  return {
    text,
    output: stream('out'),
    errors: stream('error'),
    environment: {},
    workingDirectory: folder,
    signal,
    ...(pool === undefined ? {} : { pool }),
  };
}

async function run(words: string[], signal?: AbortSignal) {
  const around = surroundings(signal);
  return { code: await runProgram(words, around), ...around.text };
}

const evaluate = (...words: string[]) =>
  run(['run', 'model', '--questions', 'peru.jsonl', '--index', 'index', ...words]);

/** What was printed as JSON, without what the clock says. */
const withoutCost = ({ out, ...rest }: { out: string }) => {
  const { cost: _, ...figures } = JSON.parse(out);
  return { ...rest, out: JSON.stringify(figures) };
};

describe('run', () => {
  test('prints measures and writes results, episodes and the report', async () => {
    const { code, out, error } = await evaluate('--out', 'results', '--name', 'tiny', '--bootstrap-samples', '100');
    expect({ code, error }).toMatchObject({ code: 0 });
    expect(error).toMatch(/^tiny: 0\.00 M parameters\nperu · episodes: 3 of 3\nperu · source referencing: 3 of 3\n/);
    expect(out).toMatch(/^peru\nmeasure +all +1 hop +2 hops$/m);
    expect(out).toMatch(/^exact match +0\.000 /m);
    expect(out).toMatch(/^source referencing +0\.000 /m);
    expect(out).toMatch(/^cost of a question +peru$/m);
    expect(out).toMatch(/^Cost measured on cpu: 3 episodes in /m);
    const cost = JSON.parse(await readFile(join(folder, 'results/cost.json'), 'utf8'));
    expect(cost).toMatchObject({ formatVersion: 1, overall: { engine: 'cpu', threads: 1, questions: 3, episodes: 3 } });
    expect(cost.overall.peakMemoryBytes).toBeGreaterThan(2 ** 20);
    expect(cost.sets).toMatchObject([{ name: 'peru', cost: { modelCalls: cost.overall.modelCalls } }]);
    expect((await readdir(join(folder, 'results'))).sort()).toEqual([
      'cost.json',
      'peru',
      'report.html',
      'results.json',
      'settings.json',
    ]);
    const results = JSON.parse(await readFile(join(folder, 'results/results.json'), 'utf8'));
    expect(results).toMatchObject({
      model_name: 'tiny',
      results: { peru: { 'exact_match,none': 0 } },
      'n-samples': { peru: { original: 3, effective: 3 } },
      dgpo: { settings: { temperature: 0, shuffledPassages: false, environment: { topK: 3 } } },
    });
    const html = await readFile(join(folder, 'results/report.html'), 'utf8');
    expect(html.match(/<details class="transcript"/g)).toHaveLength(3);
    // The viewer takes the folder for one evaluation by this file until there are results.
    expect(await createSniffer(openServedFolder(folder)).isEvaluation('results/settings.json')).toBe(true);
  });

  test('goes on with the episodes that are missing, to the same bytes, and refuses other settings', async () => {
    const words = ['--samples', '2', '--temperature', '1', '--no-reading', '--out', 'resumed'];
    const at = (name: string) => join(folder, 'resumed', name);
    const text = (name: string) => readFile(at(name), 'utf8');
    expect((await evaluate(...words)).code).toBe(0);
    const [results, episodes, costs] = await Promise.all([
      text('results.json'),
      text('peru/episodes.jsonl'),
      text('peru/costs.jsonl'),
    ]);
    expect(episodes.trimEnd().split('\n')).toHaveLength(6);
    // The second is missing, and the last one torn.
    const lines = episodes.split('\n');
    const kept = [lines[0], ...lines.slice(2, 5), lines[5]?.slice(0, 40)].join('\n');
    writeFileSync(at('peru/episodes.jsonl'), kept);
    rmSync(at('results.json'));
    expect((await evaluate(...words)).code).toBe(0);
    expect(await text('results.json')).toBe(results);
    expect(await text('peru/episodes.jsonl')).toBe(episodes);
    const secondsOf = (file: string) =>
      file
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).seconds as number);
    const [before, after] = [secondsOf(costs), secondsOf(await text('peru/costs.jsonl'))];
    // Played anew are those two alone.
    expect(after.map((seconds, index) => seconds === before[index])).toEqual([true, false, true, true, true, false]);

    const other = await evaluate(...words, '--temperature', '0.5');
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.error).toMatch(
      /resumed: holds episodes of other settings: temperature is 1 there and 0\.5 in this command; give another --out/,
    );
    const fewer = await evaluate(...words, '--limit', '1');
    expect(fewer.error).toMatch(/holds episodes of other questions of peru \(3 there, 1 in this command\)/);
    writeFileSync(at('peru/episodes.jsonl'), `{"id": 1}\n${episodes}`);
    const damaged = await evaluate(...words);
    expect(damaged).toMatchObject({ code: 2 });
    expect(damaged.error).toMatch(/episodes\.jsonl:1: /);
  });

  test('votes on turns, costs every candidate, and goes on to the same bytes', async () => {
    const limits = { maxTokensPerTurn: 8, maxObservationTokens: 8, maxContextTokens: 256 };
    const rules = { topK: 1, maxSearches: 1, ...limits, promptTemplate: '{question}' };
    mkdirSync(join(folder, 'rules'));
    writeFileSync(join(folder, 'rules/agent.json'), JSON.stringify(rules));
    const plain = ['--rules', 'rules', '--no-reading', '--out', 'voted'];
    const words = [...plain, '--self-consistent', '3', '--vote-temperature', '1'];
    const at = (name: string) => join(folder, 'voted', name);
    const text = (name: string) => readFile(at(name), 'utf8');
    expect(await evaluate(...words)).toMatchObject({ code: 0 });
    const [results, episodes] = await Promise.all([text('results.json'), text('peru/episodes.jsonl')]);
    const { dgpo } = JSON.parse(results);
    const selfConsistency = { samples: 3, temperature: 1 };
    expect(dgpo.settings).toMatchObject({ selfConsistency });
    expect(dgpo.sampling).toEqual({ method: 'self-consistent', selfConsistency, seed: 0, samplesPerTask: 1 });
    const turns = countCalls({
      segments: episodes
        .trimEnd()
        .split('\n')
        .flatMap((line) => (JSON.parse(line) as Trajectory).segments),
    });
    const cost = JSON.parse(await text('cost.json')).overall;
    expect(cost).toMatchObject({ episodes: 3, modelCalls: 3 * turns.calls });
    expect(cost.policyTokens).toBeGreaterThan(turns.policyTokens);
    expect(cost.seconds).toBeGreaterThan(0);
    const html = await text('report.html');
    expect(html).toContain('Votes of 3 candidates a turn at temperature 1, one episode a question');
    expect(html).toMatch(/model calls/);
    // The second is missing.
    writeFileSync(at('peru/episodes.jsonl'), episodes.split('\n').toSpliced(1, 1).join('\n'));
    expect((await evaluate(...words, '--batch-size', '1')).code).toBe(0);
    expect(await text('results.json')).toBe(results);
    expect(await text('peru/episodes.jsonl')).toBe(episodes);
    expect((await evaluate(...plain)).error).toMatch(
      /selfConsistency is \{"temperature":1,"samples":3\} there and nothing in this command/,
    );
    expect((await run(['leaderboard', 'voted'])).out).toMatch(/votes of 3 at temperature 1, seed 0$/m);
  });

  test('a corpus file is searched by BM25, and says what it could answer', async () => {
    const corpus = [
      { id: '0', contents: 'Peru\nIts capital is Lima.' },
      { id: '1', contents: 'Lima\nThe city.' },
    ];
    writeFileSync(join(folder, 'corpus.jsonl'), corpus.map((passage) => `${JSON.stringify(passage)}\n`).join(''));
    const words = ['--corpus', 'corpus.jsonl', '--corpus-name', 'two passages', '--no-reading', '--json'];
    const { code, out } = await run(['run', 'model', '--questions', 'peru.jsonl', ...words]);
    expect(code).toBe(0);
    const { dgpo } = JSON.parse(out);
    expect(dgpo.corpus).toMatchObject({ name: 'two passages', passages: 2 });
    // Of Lima, the Pacific coast and the Pacific, one stands there; it is found for its question.
    expect(dgpo.sets[0].answerRecall).toMatchObject({ questions: 3, corpus: 1 / 3, retrieval: 1 / 3, topK: 3 });
    const both = await run(['run', 'model', '--questions', 'peru.jsonl', '--index', 'index', ...words]);
    expect(both).toMatchObject({ code: 2 });
  });

  test('--json prints one object and nothing else; the same command prints the same figures', async () => {
    const words = ['--json', '--limit', '2', '--temperature', '1', '--samples', '2', '--no-reading', '--seed', '7'];
    const first = await evaluate(...words);
    expect(first.error).toBe('');
    const printed = JSON.parse(first.out);
    expect(printed.dgpo.sets[0]).toMatchObject({ name: 'peru', overall: { episodes: 4, tasks: 2 } });
    expect(printed.dgpo.sets[0].arc).toBeUndefined();
    expect(printed.cost.overall).toMatchObject({ questions: 2, episodes: 4 });
    expect(withoutCost(await evaluate(...words))).toEqual(withoutCost(first));
    expect((await evaluate(...words, '--shuffle-passages')).code).toBe(0);
  });

  test('a folder of adapters is its base with them; those of 0 change nothing', async () => {
    const config = await readDecoderConfig(join(folder, 'model'));
    const lora = { rank: 1, alpha: 1, targetModules: ['q_proj'] };
    const sizes = [...loraShapes(config, lora).values()];
    const parameters = new Float32Array(sizes.reduce((sum, [rows, width]) => sum + rows * width, 0));
    await saveAdapter({ directory: join(folder, 'adapter'), config, lora, parameters, baseModel: '../model' });
    const words = ['--questions', 'peru.jsonl', '--index', 'index', '--json', '--limit', '1', '--name', 'same'];
    const adapted = await run(['run', 'adapter', ...words]);
    expect(adapted).toMatchObject({ code: 0, error: '' });
    expect(withoutCost(adapted)).toEqual(withoutCost(await run(['run', 'model', ...words])));
  });

  test.each([
    [['run', 'nowhere', '--questions', 'peru.jsonl', '--index', 'index'], /nowhere: is no model folder/],
    [['run', 'model', '--questions', 'peru.jsonl', '--index', 'nowhere'], /nowhere: there is no index here/],
    [['run', 'model', '--questions', 'none.jsonl', '--index', 'index'], /none\.jsonl/],
    [['run', 'model', '--questions', 'peru.jsonl', 'peru.jsonl', '--index', 'index'], /two files are named peru/],
    [['run', 'model', '--questions', 'peru.jsonl'], /give either --index DIR or --url URL/],
    [['run', 'model', '--questions', 'peru.jsonl', '--index', 'index', '--limit', '0'], /--limit/],
    [['run', 'model', '--index', 'index'], /--questions/],
    [['run', 'model', '--questions', 'peru.jsonl', '--format', 'json'], /--format needs --endpoint/],
    [['run', 'model', '--questions', 'peru.jsonl', '--self-consistent', '1'], /--self-consistent/],
    [
      ['run', 'model', '--questions', 'peru.jsonl', '--vote-temperature', '1'],
      /--vote-temperature needs --self-consistent/,
    ],
    [
      ['run', 'model', '--questions', 'peru.jsonl', '--self-consistent', '8', '--temperature', '1'],
      /--temperature changes nothing with --self-consistent/,
    ],
    [
      ['run', 'm', '--questions', 'peru.jsonl', '--endpoint', 'http://127.0.0.1:1', '--self-consistent', '8'],
      /--self-consistent is for models that run here/,
    ],
    [
      ['run', 'm', '--questions', 'peru.jsonl', '--endpoint', 'http://127.0.0.1:1', '--workers', '2'],
      /--workers is for models that run here/,
    ],
    [
      [
        'run',
        'm',
        '--questions',
        'peru.jsonl',
        '--index',
        'index',
        '--endpoint',
        'http://127.0.0.1:1',
        '--api-key-variable',
        'NO_KEY',
      ],
      /the environment variable NO_KEY is not set/,
    ],
    [
      ['run', 'm', '--questions', 'peru.jsonl', '--endpoint', 'http://127.0.0.1:1'],
      /peru is answered with searches: give either --index/,
    ],
    [['runn'], /unknown command 'runn'.*Did you mean run/],
    [['compare', 'nowhere', 'nowhere'], /nowhere\/results\.json: there are no results here/],
    [['report', 'nowhere'], /nowhere: is no run directory/],
  ])('bad input is one line and code 2: %j', async (words, message) => {
    const { code, out, error } = await run(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(message);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
  });

  test('an interrupt ends with 130', async () => {
    const controller = new AbortController();
    controller.abort();
    const words = ['run', 'model', '--questions', 'peru.jsonl', '--index', 'index', '--json'];
    expect(await run(words, controller.signal)).toEqual({ code: 130, out: '', error: 'interrupted\n' });
  });
});

/** A stage of a run as the pipeline keeps it. */
function writeStage(run: string, model: string, answers: string[]) {
  const directory = join(folder, run, 'stages', `evaluation-${model}`);
  mkdirSync(directory, { recursive: true });
  const trajectories: Trajectory[] = answers.map((answer, index) => episode(index, answer));
  const set = {
    name: 'facts',
    trajectories,
    summary: scoreTrajectories(trajectories),
    baseline: { exactMatch: 0, types: {} },
  };
  writeFileSync(join(directory, 'evaluation.json'), JSON.stringify({ sets: [set] }));
}

describe('compare and report', () => {
  test('compare reads what run wrote', async () => {
    await evaluate('--out', 'one', '--no-reading');
    const { code, out } = await run(['compare', 'one', 'one/results.json', '--out', 'comparison']);
    expect(code).toBe(0);
    expect(out).toContain('Baseline model, candidate model.');
    expect(out).toMatch(/^exact match +0\.000 +0\.000 +0\.000 /m);
    expect(out).toContain('3 shared questions.');
    expect(out).toMatch(/^seconds +\S+ +\S+ +0 +1$/m);
    expect((await readdir(join(folder, 'comparison'))).sort()).toEqual(['comparison.json', 'report.html']);
  });

  test('compare refuses what differs in more than the model, unless told', async () => {
    await evaluate('--out', 'warm', '--no-reading', '--temperature', '1', '--limit', '2');
    const refused = await run(['compare', 'one', 'warm']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.error).toBe(
      'error: not the model alone differs: peru: of 3 questions of the baseline and 2 of the candidate (golden answers included), 1 and 0 are not in the other; temperature: 0 in the baseline, 1 in the candidate. --allow-differences compares what both have\n',
    );
    const told = await run(['compare', 'one', 'warm', '--allow-differences']);
    expect(told.code).toBe(0);
    expect(told.error).toMatch(/^warning: peru: .*\nwarning: temperature: 0 in the baseline, 1 in the candidate\n$/);
    expect(told.out).toContain('2 shared questions, 1 of one model alone left out.');
  });

  test('compare reads files of episodes, which are the set of the other side', async () => {
    await writeTrajectories(join(folder, 'before.jsonl'), [episode(1, 'no'), episode(2, 'no')]);
    await writeTrajectories(join(folder, 'after.jsonl'), [
      { ...episode(1, 'yes'), policy: 'reader' },
      { ...episode(2, 'no'), policy: 'reader' },
    ]);
    const printed = JSON.parse((await run(['compare', 'before.jsonl', 'after.jsonl', '--json'])).out);
    expect(printed).toMatchObject({ baseline: 'before', candidate: 'reader', overall: null, differences: [] });
    expect(printed.sets).toMatchObject([
      { name: 'before', comparison: { measures: { exactMatch: { difference: { mean: 0.5 } } } } },
    ]);
    expect(printed.sets[0].cost.candidate).toMatchObject({ policyTokens: 6, seconds: null });
    writeFileSync(join(folder, 'empty.jsonl'), '');
    expect(await run(['compare', 'before.jsonl', 'empty.jsonl'])).toMatchObject({ code: 2 });
  });

  test('compare reads stages of a run, and says which sets it leaves out', async () => {
    writeStage('run', 'cold-start', ['no', 'yes', 'no', 'no']);
    writeStage('run', 'dgpo', ['yes', 'yes', 'yes', 'no']);
    const stages = 'run/stages/evaluation-';
    const { out } = await run(['compare', `${stages}cold-start`, `${stages}dgpo`, '--json']);
    const printed = JSON.parse(out);
    expect(printed).toMatchObject({ baseline: 'cold-start', candidate: 'dgpo' });
    expect(printed.sets[0].comparison.measures.exactMatch.difference.mean).toBe(0.5);
    const foreign = await run(['compare', 'one', `${stages}dgpo`]);
    expect(foreign).toMatchObject({ code: 2, error: 'error: no set in common: model has peru, dgpo has facts\n' });
  });

  test('report: curves, models in the order in which a run makes them, the episodes on which they differ', async () => {
    writeStage('run', 'base', ['no', 'no', 'no', 'no']);
    writeFileSync(join(folder, 'run/metrics.jsonl'), '{"stage":"dgpo","step":1,"reward":0.5}\n');
    const { code, out } = await run(['report', 'run']);
    expect({ code, out }).toEqual({
      code: 0,
      out: `Wrote ${join(folder, 'run/report.html')} (base, cold-start, dgpo)\n`,
    });
    const html = await readFile(join(folder, 'run/report.html'), 'utf8');
    expect(html).toContain('Training reward');
    // Three questions that base has wrong and dgpo right, three columns each
    expect(html.match(/<details class="transcript"/g)).toHaveLength(3);
    expect(html.match(/<section aria-label="cold-start"/g)).toHaveLength(3);
  });

  test('report of a run in progress shows its latest episodes', async () => {
    mkdirSync(join(folder, 'young/traces'), { recursive: true });
    writeFileSync(join(folder, 'young/metrics.jsonl'), '{"stage":"dgpo","step":1,"reward":0.5}\n{"stage":"dg');
    await writeTrajectories(join(folder, 'young/traces/dgpo-9.jsonl'), [episode(9, 'no')]);
    await writeTrajectories(join(folder, 'young/traces/dgpo-10.jsonl'), [episode(10, 'yes')]);
    const { out } = await run(['report', 'young', '--json', '--out', 'young.html']);
    expect(JSON.parse(out)).toEqual({ path: join(folder, 'young.html'), models: [] });
    const html = await readFile(join(folder, 'young.html'), 'utf8');
    expect(html).toContain('dgpo, update 10');
    expect(html).not.toContain('Question 9?');
  });
});

describe('leaderboard', () => {
  test('shows what run wrote and what others wrote, and says what it leaves out', async () => {
    await evaluate('--out', 'board/own', '--no-reading');
    mkdirSync(join(folder, 'board/foreign'));
    const foreign = {
      results: { peru: { 'exact_match,none': 0.9, 'exact_match_stderr,none': 0.01 } },
      model_name: 'gpt',
    };
    writeFileSync(join(folder, 'board/foreign/results_2024.json'), JSON.stringify(foreign));
    writeFileSync(join(folder, 'board/broken.json'), '{\u001b');
    const { code, out, error } = await run(['leaderboard', 'board', '--html', 'pages/board.html']);
    expect(code).toBe(0);
    expect(error).toMatch(/^left out: broken\.json: is no JSON: \P{Cc}*\n$/u);
    expect(out).toMatch(/^gpt +0\.900 \[0\.880, 0\.920\] +– /m);
    expect(out).toMatch(/^model +0\.000 \[0\.000, 0\.000\] .* cpu +greedy$/m);
    expect(out).toContain('Wrote pages/board.html');
    expect(await readFile(join(folder, 'pages/board.html'), 'utf8')).toContain('gpt');
    const markdown = await run(['leaderboard', 'board', '--markdown']);
    expect(markdown.out).toMatch(/^\| model \| peru \| s\/question \|/);
    const printed = JSON.parse((await run(['leaderboard', 'board', '--json'])).out);
    expect(printed).toMatchObject({ measure: 'exactMatch', rows: [{ name: 'gpt' }, { name: 'model' }] });
    expect(printed.leftOut).toMatchObject([{ path: 'broken.json' }]);
  });

  test('nothing to show is bad input', async () => {
    mkdirSync(join(folder, 'nothing'));
    const empty = await run(['leaderboard', 'nothing']);
    expect(empty).toMatchObject({ code: 2, out: '' });
    expect(empty.error).toMatch(/nothing: there are no result files here/);
    const other = await run(['leaderboard', 'board/foreign', '--measure', 'acc']);
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.error).toMatch(/it has exact_match\nerror: .*: no result file has acc: 1 JSON files are left out\n$/);
    expect(await run(['leaderboard', 'elsewhere'])).toMatchObject({ code: 2, out: '' });
  });
});

test.each([[], ['run'], ['compare'], ['leaderboard'], ['report'], ['serve']])(
  'help of dgpo-eval %j',
  async (...words) => {
    const { code, out } = await run([...words, '--help']);
    expect(code).toBe(0);
    expect(out).toMatchSnapshot();
  },
);
