import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getTrainableParameters, selectEngine } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyAgent } from '../ask/__fixtures__/tiny-agent.js';
import type { EpisodesJob } from './episodes-job.js';
import { closeJobContext, createJobContext, modelNamed, runJob } from './jobs.js';
import { dropSamplers, resetSamplers } from './kept-samplers.js';

let root: string;
let checkpoint: string;
let index: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-samplers-'));
  ({ checkpoint, index } = await writeTinyAgent(root));
});
afterAll(() => rmSync(root, { recursive: true }));

const job = (model: string): EpisodesJob => ({
  kind: 'episodes',
  policy: { model },
  tokenizer: checkpoint,
  retriever: { directory: index },
  environment: {
    topK: 1,
    maxSearches: 1,
    maxTokensPerTurn: 6,
    maxObservationTokens: 20,
    maxContextTokens: 200,
    promptTemplate: '{question}?\n',
  },
  tasks: [{ id: 'q', question: 'What is the capital of Peru', goldenAnswers: ['Lima'] }],
  samplesPerTask: 2,
  temperature: 1,
  seed: 4,
  batchSize: 2,
});

it('the samplers of one model alone are reset and dropped', () => {
  const context = createJobContext();
  const called: string[] = [];
  for (const model of ['a', 'b']) {
    const reset = () => called.push(`reset ${model}`);
    context.kept.set(`sampler:${model}:4`, { model, reset, dispose: () => called.push(`dispose ${model}`) });
  }
  context.kept.set('folder:a', 'somewhere');
  resetSamplers(context, 'a');
  dropSamplers(context, 'b');
  expect(called).toEqual(['reset a', 'dispose b']);
  expect([...context.kept.keys()]).toEqual(['sampler:a:4', 'folder:a']);
});

describe.each(['cpu', 'wasm'] as const)('models on a base play episodes, %s', (engine) => {
  it('by the adapters that they have now, and hold no cache between jobs', async () => {
    await selectEngine({ engine });
    const context = createJobContext();
    const lora = { rank: 2, alpha: 4, targetModules: 'all-linear' } as const;
    await runJob(context, { kind: 'open', name: 'base', directory: checkpoint, seed: 1 });
    await runJob(context, { kind: 'open', name: 'student', base: 'base', lora, seed: 1 });
    const before = tf.memory().numTensors;
    const atFirst = await runJob(context, job('student'));
    expect(tf.memory().numTensors).toBe(before);
    expect(atFirst).toHaveLength(2);
    const written = (trajectories: typeof atFirst) => trajectories.map(({ segments }) => segments);
    expect(written(atFirst)).toEqual(written(await runJob(context, job('base'))));
    const values = await getTrainableParameters(modelNamed(context, 'student'));
    const parameters = values.map((_, position) => Math.sin(position));
    await runJob(context, { kind: 'trainable', model: 'student', parameters });
    const later = written(await runJob(context, job('student')));
    expect(later).not.toEqual(written(atFirst));
    // Another model under the name has samplers of its own.
    await runJob(context, { kind: 'open', name: 'student', base: 'base', lora, seed: 1 });
    expect(written(await runJob(context, job('student')))).toEqual(written(atFirst));
    await closeJobContext(context);
  });
});
