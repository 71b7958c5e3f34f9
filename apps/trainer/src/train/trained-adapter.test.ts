import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DecoderConfig, loadModel, loadTokenizer, loraShapes, readAdapter } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeTinyAgent } from '../ask/__fixtures__/tiny-agent.js';
import { loadAgent } from '../ask/load-agent.js';
import type { ScoreJob, ValueJob } from '../compute/jobs.js';
import type { OpenJob, ParametersJob } from '../compute/open-job.js';
import type { PolicyJob } from '../compute/policy-job.js';
import { type ComputePool, createComputePool } from '../compute/pool.js';
import { readModelConfig } from '../estimate/model-config.js';
import { openModel } from '../generate/open-model.js';
import { modelKey } from '../run/model-key.js';
import { saveAdapterFolder } from './save-adapter-folder.js';
import { createTrainedAdapter } from './trained-adapter.js';

const lora = { rank: 2, alpha: 4, targetModules: 'all-linear' } as const;
const rows = [{ tokenIds: Int32Array.of(1, 2, 3, 4, 5), mask: Uint8Array.of(0, 0, 1, 1, 1) }];
const each = (value: number) => new Float32Array(3).fill(value);
const settings = {
  topK: 1,
  maxSearches: 1,
  maxTokensPerTurn: 8,
  maxObservationTokens: 40,
  maxContextTokens: 128,
};

let root: string;
let directory: string;
let index: string;
let config: DecoderConfig;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-adapters-'));
  ({ checkpoint: directory, index } = await writeTinyAgent(root));
  config = await readModelConfig(directory);
});
afterAll(() => rmSync(root, { recursive: true }));

/** Values that are none of them 0. */
const lively = (count: number, phase: number) =>
  Float32Array.from({ length: count }, (_, position) => 0.3 * Math.sin(7 * position + phase));
const adapterSize = () =>
  [...loraShapes(config, lora).values()].reduce((sum, [height, width]) => sum + height * width, 0);

const policyJob = (student: string, teacher: string, gradientCheckpointing = false): PolicyJob => ({
  kind: 'policy',
  student,
  rows,
  oldLogProbs: each(-3),
  advantages: each(1),
  weights: each(1 / 3),
  loss: { name: 'clip' },
  entropyCoefficient: 0.01,
  temperature: 1,
  teacher: { name: teacher, weights: each(0.5), direction: 'reverse' },
  gradientCheckpointing,
});
const valueJob = (critic: string, gradientCheckpointing = false): ValueJob => ({
  kind: 'value',
  critic,
  rows,
  oldValues: each(0),
  returns: each(1),
  weights: each(1 / 3),
  clipRange: 10,
  gradientCheckpointing,
});

describe.each([
  ['cpu', 0],
  ['wasm', 0],
] as const)('adapters on one base, %s', (engine, workers) => {
  let pool: ComputePool;
  let before: number;
  beforeEach(async () => {
    pool = await createComputePool({ engine, workers });
    before = tf.memory().numTensors;
    await pool.broadcast({ kind: 'open', name: 'base', directory, seed: 1 });
  });
  afterEach(async () => {
    await pool.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  const scores = async (model: string) => {
    const [values] = await pool.run<ScoreJob>([{ kind: 'score', model, what: 'log-probs', rows, temperature: 1 }]);
    return values as Float32Array;
  };
  const create = (name: string, parameters?: Float32Array, valueHead = false) =>
    createTrainedAdapter({
      ...{ pool, name, base: 'base', config, lora, valueHead, seed: 3 },
      ...(parameters === undefined ? {} : { parameters }),
    });

  it('student, critic and teacher have the gradients that they have as models of their own', async () => {
    const count = adapterSize();
    const values = {
      student: lively(count, 1),
      teacher: lively(count, 2),
      critic: lively(count + config.hiddenSize, 3),
    };
    const trained = [
      await create('student', values.student),
      await create('teacher', values.teacher),
      await create('critic', values.critic, true),
    ];
    const bytes = tf.memory().numBytes;
    for (const name of ['student', 'teacher', 'critic'] as const) {
      const own: OpenJob = {
        kind: 'open',
        name: `own ${name}`,
        directory,
        lora,
        valueHead: name === 'critic',
        seed: 1,
      };
      await pool.broadcast(own);
      await pool.broadcast({ kind: 'trainable', model: `own ${name}`, parameters: values[name] });
    }
    const weights = (await loadModel({ directory })).parameters.byteLength;
    expect(tf.memory().numBytes - bytes).toBeGreaterThan(3 * weights);
    for (const checkpointing of [false, true]) {
      const [shared, alone] = await pool.run([
        policyJob('student', 'teacher', checkpointing),
        policyJob('own student', 'own teacher', checkpointing),
      ]);
      expect(shared).toEqual(alone);
      expect(shared?.metrics.guidanceLoss).toBeGreaterThan(0);
      expect(shared?.gradients.length).toBe(count);
      expect(shared?.gradients.some((value) => value !== 0)).toBe(true);
      const [value, valueAlone] = await pool.run([
        valueJob('critic', checkpointing),
        valueJob('own critic', checkpointing),
      ]);
      expect(value).toEqual(valueAlone);
      // The head's gradient is the last.
      expect(value?.gradients.subarray(count).every((slope) => slope !== 0)).toBe(true);
    }
    for (const each of trained) each.dispose();
  });

  it('starts as its base, learns, and changes nobody else', async () => {
    const base = await scores('base');
    const [student, other] = [await create('student'), await create('other')];
    expect(await scores('student')).toEqual(base);
    expect(await student.parameters()).toEqual(await other.parameters());
    const start = await student.parameters();
    await student.update({ jobs: [policyJob('student', 'other')], learningRate: 0.1 });
    expect(await scores('student')).not.toEqual(base);
    expect(await scores('other')).toEqual(base);
    expect(await scores('base')).toEqual(base);
    expect(await student.parameters()).not.toEqual(start);
    // What the worker has is what the optimiser has.
    const [held] = await pool.run<ParametersJob>([{ kind: 'parameters', model: 'student', what: 'trainable' }]);
    expect(held).toEqual(await student.parameters());
    // Opening the base again disturbs nobody; another folder in its place would.
    await pool.broadcast({ kind: 'open', name: 'base', directory, seed: 1 });
    await expect(pool.broadcast({ kind: 'open', name: 'base', directory: root, seed: 1 })).rejects.toThrow(
      'other models (2) run on the parameters of this one',
    );
    const adapted = { kind: 'open', name: 'base', directory, lora, seed: 1 } as const;
    await expect(pool.broadcast(adapted)).rejects.toThrow('other models (2)');
    await expect(create('student', new Float32Array(3))).rejects.toThrow(/do not add up/);
    for (const model of [student, other]) model.dispose();
  });

  it('is saved as a folder that opens where a model does, and as the merged model', async () => {
    const student = await create('student', lively(adapterSize(), 1));
    const expected = await scores('student');
    const adapter = join(root, engine, 'adapter');
    const merged = join(root, engine, 'merged');
    const tokenizer = await loadTokenizer(directory);
    const parameters = await student.parameters();
    await saveAdapterFolder({
      ...{ directory: adapter, baseModel: directory, config, lora, parameters, tokenizer, settings },
      merged: { directory: merged },
    });
    expect((await readAdapter({ directory: adapter, config })).parameters).toEqual(parameters);
    expect(await readModelConfig(adapter)).toEqual(config);
    const keys = await Promise.all([directory, adapter, merged].map(modelKey));
    expect(new Set(keys).size).toBe(3);
    for (const [name, folder] of Object.entries({ adapter, merged })) {
      await pool.broadcast({ kind: 'open', name, directory: folder, seed: 1 });
      (await scores(name)).forEach((value, position) => {
        expect(Math.abs(value - (expected[position] as number))).toBeLessThan(1e-5);
      });
    }
    // On the base, from the folder.
    await pool.broadcast({ kind: 'open', name: 'teacher', base: 'base', adapter, seed: 1 });
    expect(await scores('teacher')).toEqual(expected);
    const model = await openModel({ model: adapter, engine });
    model.dispose();
    for (const checkpoint of [adapter, merged]) {
      const agent = await loadAgent({ checkpoint, index, engine });
      expect(agent.settings).toEqual(settings);
      agent.dispose();
    }
    student.dispose();
  });
});

it('two workers train the bytes that one trains', async () => {
  const count = adapterSize();
  const trained: Float32Array[] = [];
  for (const workers of [0, 2]) {
    const pool = await createComputePool({ engine: 'wasm', workers });
    await pool.broadcast({ kind: 'open', name: 'base', directory, seed: 1 });
    const common = { pool, base: 'base', config, lora, seed: 3 };
    const student = await createTrainedAdapter({ ...common, name: 'student' });
    const teacher = await createTrainedAdapter({ ...common, name: 'teacher', parameters: lively(count, 2) });
    for (let step = 0; step < 2; step++) {
      const job = policyJob('student', 'teacher', step === 1);
      await student.update({ jobs: [job, job, job], learningRate: 0.05 });
    }
    trained.push(await student.parameters());
    for (const model of [student, teacher]) model.dispose();
    await pool.close();
  }
  expect(trained[1]).toEqual(trained[0]);
  expect(trained[0]?.some((value) => value !== 0)).toBe(true);
});
