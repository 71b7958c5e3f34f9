import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scoreTrajectories } from '@dgpo/arc';
import { loraShapes, readDecoderConfig, saveAdapter } from '@dgpo/lm';
import { type ComputePool, createComputePool } from '@dgpo/trainer';
import { type Trajectory, writeTrajectories } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { episode, writeTinyWorld } from './__fixtures__/tiny-world.js';
import { runProgram } from './program.js';

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

describe('run', () => {
  test('prints measures and writes results, episodes and the report', async () => {
    const { code, out, error } = await evaluate('--out', 'results', '--name', 'tiny', '--bootstrap-samples', '100');
    expect({ code, error }).toMatchObject({ code: 0 });
    expect(error).toMatch(/^tiny: 0\.00 M parameters\nperu · episodes: 3 of 3\nperu · source referencing: 3 of 3\n/);
    expect(out).toMatch(/^peru\nmeasure +all +1 hop +2 hops$/m);
    expect(out).toMatch(/^exact match +0\.000 /m);
    expect(out).toMatch(/^source referencing +0\.000 /m);
    expect((await readdir(join(folder, 'results'))).sort()).toEqual([
      'report.html',
      'results.json',
      'samples_peru.jsonl',
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
  });

  test('--json prints one object and nothing else; the same command prints the same bytes', async () => {
    const words = ['--json', '--limit', '2', '--temperature', '1', '--samples', '2', '--no-reading', '--seed', '7'];
    const first = await evaluate(...words);
    expect(first.error).toBe('');
    const printed = JSON.parse(first.out);
    expect(printed.dgpo.sets[0]).toMatchObject({ name: 'peru', overall: { episodes: 4, tasks: 2 } });
    expect(printed.dgpo.sets[0].arc).toBeUndefined();
    expect(await evaluate(...words)).toEqual(first);
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
    expect(adapted).toEqual(await run(['run', 'model', ...words]));
  });

  test.each([
    [['run', 'nowhere', '--questions', 'peru.jsonl', '--index', 'index'], /nowhere: is no model folder/],
    [['run', 'model', '--questions', 'peru.jsonl', '--index', 'nowhere'], /nowhere: there is no index here/],
    [['run', 'model', '--questions', 'none.jsonl', '--index', 'index'], /none\.jsonl/],
    [['run', 'model', '--questions', 'peru.jsonl', 'peru.jsonl', '--index', 'index'], /two files are named peru/],
    [['run', 'model', '--questions', 'peru.jsonl'], /give either --index DIR or --url URL/],
    [['run', 'model', '--questions', 'peru.jsonl', '--index', 'index', '--limit', '0'], /--limit/],
    [['run', 'model', '--index', 'index'], /--questions/],
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
    expect((await readdir(join(folder, 'comparison'))).sort()).toEqual(['comparison.json', 'report.html']);
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

test.each([[], ['run'], ['benchmarks'], ['compare'], ['report'], ['serve']])(
  'help of dgpo-eval %j',
  async (...words) => {
    const { code, out } = await run([...words, '--help']);
    expect(code).toBe(0);
    expect(out).toMatchSnapshot();
  },
);
