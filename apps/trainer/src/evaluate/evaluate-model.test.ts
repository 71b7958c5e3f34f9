import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '@dgpo/lm';
import { createRetriever } from '@dgpo/retriever';
import type { Task } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyAgent } from '../ask/__fixtures__/tiny-agent.js';
import { createAtlas, evaluationTasks } from '../atlas/index.js';
import type { RetrieverSource } from '../compute/environment-settings.js';
import { type ComputePool, createComputePool } from '../compute/pool.js';
import { atlasEnvironment } from '../demo/demo-settings.js';
import { playEpisodes } from '../train/play-episodes.js';
import { readAgentSettings } from './agent-settings.js';
import { type EvaluateModelOptions, type EvaluationProgress, evaluateModel } from './evaluate-model.js';
import { readEvaluation, writeEvaluation } from './evaluation-files.js';
import { resultsTable } from './results-table.js';

const folder = mkdtempSync(join(tmpdir(), 'dgpo-evaluate-'));
const atlas = createAtlas({ inventedCountries: 80 });
const atlasIndex = join(folder, 'atlas');
let pool: ComputePool;
let tiny: { checkpoint: string; index: string };

beforeAll(async () => {
  tiny = await writeTinyAgent(folder);
  await (await createRetriever({ documents: atlas.corpus })).save(atlasIndex);
  pool = await createComputePool({ engine: 'cpu', workers: 0 });
  const { config, parameters } = await loadModel({ directory: tiny.checkpoint });
  await pool.broadcast({ kind: 'model', name: 'tiny', config, valueHead: false, weights: parameters });
});

afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the scripted expert in the demo world', () => {
  const sets = (['fiction', 'facts'] as const).map((split) => ({
    name: split,
    tasks: evaluationTasks({ atlas, split, count: 60 }),
  }));
  // The tokenizer of the tiny model spells names out in bytes.
  const roomy = { maxTokensPerTurn: 500, maxObservationTokens: 500, maxContextTokens: 4096 };
  const evaluate = (retriever: RetrieverSource) =>
    evaluateModel({
      playground: {
        pool,
        tokenizer: tiny.checkpoint,
        environment: { ...atlasEnvironment, ...roomy },
        retriever,
      },
      policy: 'expert',
      sets,
      seed: 0,
      corpus: atlas.corpus,
    });

  test('answers from what it reads, so shuffled passages leave it with guesses', async () => {
    const reading = await evaluate({ directory: atlasIndex });
    const shuffled = await evaluate({ directory: atlasIndex, shuffleSeed: 1 });
    for (const [index, { summary, arc, baseline, trajectories }] of reading.sets.entries()) {
      expect(summary.overall.figures.exactMatch.mean).toBeGreaterThanOrEqual(0.95);
      expect(Object.keys(summary.groups)).toEqual(['1 hop', '2 hops']);
      expect(trajectories.map(({ task }) => task.id)).toEqual(sets[index]?.tasks.map(({ id }) => id));
      expect(arc).toBeUndefined();
      expect(shuffled.sets[index]?.summary.overall.figures.exactMatch.mean).toBeLessThan(baseline.exactMatch + 0.05);
    }
  });
});

describe('a model with random weights', () => {
  const titles = (...title: string[]) => ({ supporting_facts: { title, sent_id: title.map(() => 0) } });
  const tasks: Task[] = [
    { id: '1', question: 'What is the capital of Peru?', goldenAnswers: ['Lima'], metadata: titles('Peru') },
    { id: '2', question: 'Where does Lima lie?', goldenAnswers: ['the Pacific coast'], metadata: titles('Lima') },
    { id: '3', question: 'Where is Atlantis?', goldenAnswers: ['nowhere'], metadata: titles('Atlantis') },
  ];
  const corpus = [
    { contents: '"Peru"\nPeru is a country in South America. Its capital is Lima.' },
    { contents: '"Lima"\nLima lies on the Pacific coast.' },
  ];
  const evaluate = async (options: Partial<EvaluateModelOptions> = {}) => {
    const environment = await readAgentSettings({ directory: tiny.checkpoint, maxPositionEmbeddings: 256 });
    return evaluateModel({
      playground: { pool, tokenizer: tiny.checkpoint, retriever: { directory: tiny.index }, environment },
      policy: { model: 'tiny' },
      sets: [{ name: 'all', tasks }],
      seed: 0,
      corpus,
      temperature: 1,
      ...options,
    });
  };

  test('is scored on episodes and on reading, whatever the batch', async () => {
    const progress: EvaluationProgress[] = [];
    const evaluation = await evaluate({ onProgress: (event) => progress.push(event) });
    const [set] = evaluation.sets;
    expect(set?.summary.overall).toMatchObject({ episodes: 3, tasks: 3 });
    expect(set?.summary.overall.figures.exactMatch.mean).toBe(0);
    expect(set?.arc?.sourceReferencing).toMatchObject({ skippedTasks: 1, exactMatch: { mean: 0, count: 2 } });
    expect(set?.arc?.thinking.episodes.map(({ taskId }) => taskId)).toEqual(['1', '2']);
    expect(progress.filter(({ done, total }) => done === total).map(({ part }) => part)).toEqual([
      'episodes',
      'source referencing',
      'thinking',
    ]);
    expect(await evaluate({ batchSize: 1 })).toEqual(evaluation);
  });

  test('plays what is missing alone, and tells of it', async () => {
    const told: string[] = [];
    const play = (skip?: ReadonlySet<string>) =>
      playEpisodes({
        ...{ pool, tokenizer: tiny.checkpoint, retriever: { directory: tiny.index } },
        environment: { topK: 1, maxSearches: 1, maxTokensPerTurn: 8, maxObservationTokens: 8, maxContextTokens: 256 },
        ...{ policy: { model: 'tiny' }, tasks, samplesPerTask: 2, temperature: 1, topP: 0.9, seed: 0, batchSize: 2 },
        ...(skip === undefined ? {} : { skip }),
        onEpisodes: (episodes) => void told.push(...episodes.map(({ id }) => id)),
      });
    const all = await play();
    const skip = new Set(['1#1', ...[0, 1].map((sample) => `${tasks.at(-1)?.id}#${sample}`)]);
    told.length = 0;
    const rest = await play(skip);
    expect(rest).toEqual(all.filter(({ id }) => !skip.has(id)));
    expect(told.sort()).toEqual(rest.map(({ id }) => id).sort());
  });

  test('is written for lm-eval and read back', async () => {
    const evaluation = await evaluate();
    const directory = join(folder, 'results');
    await writeEvaluation({ directory, model: 'tiny', evaluation, settings: { temperature: 1 } });
    const results = JSON.parse(await readFile(join(directory, 'results.json'), 'utf8'));
    expect(results.results.all['exact_match,none']).toBe(0);
    expect(results.dgpo.settings).toEqual({ temperature: 1 });
    const stored = await readEvaluation({ path: directory });
    expect(stored.model).toBe('tiny');
    expect(stored.settings).toEqual({ temperature: 1 });
    expect(stored.sets[0]?.trajectories).toEqual(evaluation.sets[0]?.trajectories);
    const table = (sets: typeof stored.sets) => resultsTable([{ name: 'tiny', sets }]);
    expect(table(stored.sets)).toEqual(table(evaluation.sets));
    expect(await readEvaluation({ path: join(directory, 'results.json') })).toEqual(stored);
  });

  test('a folder of a stage is read too', async () => {
    const evaluation = await evaluate();
    await writeFile(join(folder, 'evaluation.json'), JSON.stringify(evaluation));
    const stored = await readEvaluation({ path: folder });
    expect(stored.sets[0]?.trajectories).toEqual(evaluation.sets[0]?.trajectories);
  });

  test('what cannot be evaluated or read is said in one line', async () => {
    const twice = { name: 'a', tasks };
    await expect(evaluate({ sets: [twice, twice] })).rejects.toThrow('sets: two sets have the same name');
    await expect(evaluate({ sets: [{ name: 'none', tasks: [] }] })).rejects.toThrow('set none: has no questions');
    await expect(readEvaluation({ path: tiny.index })).rejects.toThrow(/results\.json: there are no results here/);
    await writeFile(join(folder, 'foreign.json'), '{"model_name":null}');
    await expect(readEvaluation({ path: join(folder, 'foreign.json') })).rejects.toThrow('these are no results');
    const evaluation = await evaluate();
    const [set] = evaluation.sets;
    const twin = { sets: [set, set].flatMap((part, index) => (part ? [{ ...part, name: `a${'-+'[index]}b` }] : [])) };
    await expect(writeEvaluation({ directory: folder, model: 'm', evaluation: twin })).rejects.toThrow('one file');
  });

  test('an abort ends it with the reason', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(evaluate({ signal: controller.signal })).rejects.toThrow('enough');
  });
});

test('without agent.json the rules shrink with the model; a wrong key is named', async () => {
  const settings = (maxPositionEmbeddings: number) => readAgentSettings({ directory: folder, maxPositionEmbeddings });
  expect(await settings(32768)).toMatchObject({ topK: 3, maxTokensPerTurn: 500, maxContextTokens: 4096 });
  expect(await settings(384)).toMatchObject({ maxTokensPerTurn: 48, maxObservationTokens: 48, maxContextTokens: 384 });
  await writeFile(join(folder, 'agent.json'), JSON.stringify({ ...atlasEnvironment, topK: 0 }));
  await expect(settings(384)).rejects.toThrow(/agent\.json: topK: /);
});
