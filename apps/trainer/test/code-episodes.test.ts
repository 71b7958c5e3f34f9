import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BytePairTokenizer,
  type DecoderConfig,
  decoderConfig,
  parameterCount,
  saveTokenizer,
  trainCompactTokenizer,
} from '@dgpo/lm';
import { createRetriever } from '@dgpo/retriever';
import type { Task, Trajectory } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { arithmeticTasks, arithmeticTexts, codeProtocolTags, createArithmeticWorld } from '../src/arithmetic/index.js';
import { createAtlas } from '../src/atlas/index.js';
import type { CodeSettings } from '../src/compute/environment-settings.js';
import { type ComputePool, createComputePool } from '../src/compute/pool.js';
import { playVoted } from '../src/evaluate/play-voted.js';
import { type Playground, playEpisodes } from '../src/train/play-episodes.js';

const world = createArithmeticWorld(createAtlas({ inventedCountries: 160 }));
const tasks = arithmeticTasks({ world, split: 'fiction', count: 6 });
const environment: CodeSettings = {
  kind: 'code',
  maxSteps: 3,
  topK: 2,
  documentTemplate: '{text}\n',
  promptTemplate: 'Question: {question}\n',
  maxTokensPerTurn: 160,
  maxObservationTokens: 300,
  maxContextTokens: 1600,
};

let directory: string;
let tokenizer: BytePairTokenizer;
let config: DecoderConfig;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-code-episodes-'));
  const texts = [...world.corpus.map(({ contents }) => contents), ...arithmeticTexts({ world, tasks })];
  tokenizer = trainCompactTokenizer({ texts, specialTokens: codeProtocolTags, maximumPieces: 300 });
  await saveTokenizer(tokenizer, directory);
  await (await createRetriever({ documents: [...world.corpus] })).save(join(directory, 'index'));
  config = decoderConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 16,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 1600,
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

const playgroundOf = (pool: ComputePool): Playground => ({
  pool,
  tokenizer: directory,
  retriever: { directory: join(directory, 'index') },
  environment,
});

/** Processes of Python that this one has started. */
const interpreters = () =>
  execFileSync('ps', ['-A', '-o', 'ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes('child/python.mjs')).length;

const textsOf = (episodes: readonly Trajectory[]) => episodes.map(({ segments }) => segments.map(({ text }) => text));

it('episodes do not depend on the workers, and no interpreter outlives them', async () => {
  const play = async (workers: number, ids: readonly Task[] = tasks) => {
    const pool = await createComputePool({ engine: 'wasm', workers });
    try {
      const before = await playEpisodes({
        ...playgroundOf(pool),
        policy: 'expert',
        tasks: ids,
        temperature: 0,
        seed: 1,
      });
      const running = interpreters();
      const prefixes = new Map(ids.slice(1).map(({ id }) => [id, 'Thought: First I search.\n\n']));
      const after = await playEpisodes({
        ...{ ...playgroundOf(pool), policy: 'expert' as const, tasks: ids, temperature: 0, seed: 1, prefixes },
      });
      expect(interpreters()).toBe(running);
      return { before, after, running };
    } finally {
      await pool.close();
      expect(interpreters()).toBe(0);
    }
  };
  const alone = await play(0);
  expect(alone.running).toBe(1);
  expect(alone.before.map(({ outcome }) => outcome.correct)).toEqual(tasks.map(() => true));
  expect(alone.after.map(({ outcome }) => outcome)).toEqual(alone.before.map(({ outcome }) => outcome));
  expect(alone.after.map(({ segments }) => segments[1]?.text.slice(0, 24))).toEqual([
    textsOf(alone.before)[0]?.[1]?.slice(0, 24),
    ...tasks.slice(1).map(() => 'Thought: First I search.'),
  ]);
  const two = await play(2);
  expect(two.running).toBe(2);
  expect({ ...two, running: 1 }).toEqual(alone);
});

it('votes do not depend on the workers nor on how many are sampled side by side', async () => {
  const values = Float32Array.from({ length: 100_000 }, (_, index) => Math.sin(index * 12.9898) / 4);
  const play = async (workers: number, batchSize: number) => {
    const pool = await createComputePool({ engine: 'wasm', workers });
    try {
      const weights = values.slice(0, parameterCount(config));
      await pool.broadcast({ kind: 'model', name: 'tiny', config, valueHead: false, weights });
      return await playVoted({
        ...{ ...playgroundOf(pool), policy: { model: 'tiny' }, tasks: tasks.slice(0, 3), samplesPerTask: 1, seed: 5 },
        ...{ selfConsistency: { samples: 3, temperature: 1, compat: 'none' as const }, batchSize },
      });
    } finally {
      await pool.close();
    }
  };
  const [one, other] = [await play(0, 3), await play(2, 64)];
  expect(textsOf(other.episodes)).toEqual(textsOf(one.episodes));
  expect(other.cost).toEqual(one.cost);
  expect(one.cost.calls).toBe(3 * one.cost.turns);
  expect(one.cost.executions).toBeLessThanOrEqual(one.cost.calls);
});
