import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDecoder,
  createSampler,
  type DecoderConfig,
  decoderConfig,
  type EngineName,
  estimateModelMemory,
  getParameters,
  saveModel,
  selectEngine,
  trainCompactTokenizer,
} from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeJobContext, createJobContext, type JobContext, modelNamed, runJob } from '../compute/jobs.js';
import { type Recipe, recipeSchema } from '../recipe/recipe-schema.js';
import { estimateMemory, type MemoryOptions } from './memory.js';

const recipe = (overrides: object = {}): Recipe =>
  recipeSchema.parse({
    method: 'dgpo-reference',
    data: { corpus: '/c.jsonl', trainQuestions: '/q.jsonl' },
    ...overrides,
  });

/** Width 8, one layer, two heads of four, MLP of 32, vocabulary 10: 1128 parameters. */
const tiny = decoderConfig({
  vocabularySize: 10,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 32,
  maxPositionEmbeddings: 64,
});
const model = 4 * (1128 + 64 * 4);

describe('estimateMemory', () => {
  const small = {
    environment: { maxTotalTokens: 16 },
    teacher: { training: { microBatchSize: 2 } },
    distill: { microBatchSize: 2, batchSize: 2, numTasks: 3 },
    rl: { microBatchSize: 4, miniBatchSize: 4, tasksPerStep: 4 },
    evaluation: { batchSize: 3 },
    student: { path: '/m' },
  };
  const sizes = { student: tiny, teacher: tiny, engine: 'wasm' as EngineName, workers: 2 };

  it('adds up by hand', () => {
    const { worker, optimizers, total } = estimateMemory({ ...sizes, recipe: recipe(small) });
    expect(worker.weights).toBe(4 * model + 4 * 8);
    expect(worker.gradients).toBe(4 * 1128);
    const pass = { config: tiny, engine: 'wasm', mode: 'full', batchSize: 4, sequenceLength: 16 } as const;
    expect(worker.activations).toBe(estimateModelMemory(pass).activations);
    // Four rollouts at a time in training, three episodes of the teacher, three in evaluation.
    expect(worker.keyValueCache).toBe(4 * 4 * 1 * 2 * 2 * 4 * 16);
    const training = worker.gradients + worker.activations;
    const sampling = worker.keyValueCache + worker.samplingActivations;
    expect(worker.tensors).toBe(worker.weights + Math.max(training, sampling));
    expect(worker.heap).toBeCloseTo(worker.weights + 1.35 * Math.max(training, sampling), 6);
    expect(optimizers).toBe(16 * (3 * 1128 + 8));
    expect(total).toBeCloseTo(2 * (worker.heap + 120e6) + 1.35 * optimizers + 120e6, 3);
    const kl = recipe({ ...small, distill: { microBatchSize: 4, batchSize: 4 } });
    expect(estimateMemory({ ...sizes, recipe: kl }).worker.activations).toBe(worker.activations + 4 * 10 * 8);
  });

  it('counts the weights of one base with LoRA, and adapters for each model', () => {
    const lora = { rank: 2, targetModules: ['q_proj', 'down_proj'] };
    const adapters = 4 * (2 * (8 + 8) + 2 * (32 + 8));
    const both = recipe({ ...small, student: { path: '/m', lora }, teacher: { ...small.teacher, lora } });
    const shared = estimateMemory({ ...sizes, recipe: both });
    expect(shared.worker.weights).toBe(model + 4 * adapters + 4 * 8);
    expect(shared.worker.gradients).toBe(adapters);
    expect(shared.optimizers).toBe(4 * (3 * adapters + 4 * 8));
    const own = recipe({ ...small, student: { path: '/m', lora } });
    const { worker, optimizers } = estimateMemory({ ...sizes, recipe: own });
    expect(worker.weights).toBe(3 * model + 2 * adapters + 4 * 8);
    expect(optimizers).toBe(4 * (2 * adapters + 4 * 8) + 16 * 1128);
    const gradientCheckpointing = true;
    const again = recipe({
      ...small,
      student: { path: '/m', lora },
      teacher: { ...small.teacher, lora, training: { ...small.teacher.training, gradientCheckpointing } },
      distill: { ...small.distill, gradientCheckpointing },
      rl: { ...small.rl, gradientCheckpointing },
    });
    const checkpointed = estimateMemory({ ...sizes, recipe: again });
    expect(checkpointed.worker.activations).not.toBe(shared.worker.activations);
  });

  it('leaves out what a run does not have, and counts attention matrices of stock ops', () => {
    const grpo = recipe({ ...small, method: 'dgpo-grpo', rl: { ...small.rl, numGenerations: 2 } });
    const wasm = estimateMemory({ ...sizes, recipe: grpo });
    expect(wasm.worker.weights).toBe(4 * model - model);
    expect(wasm.worker.keyValueCache).toBe(8 * 4 * 2 * 2 * 4 * 16);
    const stock = estimateMemory({ ...sizes, recipe: grpo, engine: 'cpu' });
    expect(stock.worker.activations).toBeGreaterThan(wasm.worker.activations - 6 * 2 ** 20);
  });
});

/** The most that lived in the heap of the wasm engine while `run` ran. */
async function peakOf(run: () => Promise<void>): Promise<number> {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc(bytes: number): number; _free(pointer: number): void };
  };
  const { _malloc: allocate, _free: free } = wasm;
  const allocated = new Map<number, number>();
  let live = 0;
  let peak = 0;
  wasm._malloc = (bytes) => {
    const pointer = allocate(bytes);
    allocated.set(pointer, bytes);
    live += bytes;
    peak = Math.max(peak, live);
    return pointer;
  };
  wasm._free = (pointer) => {
    live -= allocated.get(pointer) ?? 0;
    allocated.delete(pointer);
    free(pointer);
  };
  try {
    await run();
  } finally {
    wasm._malloc = allocate;
    wasm._free = free;
  }
  return peak;
}

describe('the estimate against what a worker holds', () => {
  const time = 128;
  const tokenizer = trainCompactTokenizer({ texts: [], specialTokens: [], maximumPieces: 0 });
  const config = (more: Partial<DecoderConfig> = {}) =>
    decoderConfig({
      vocabularySize: tokenizer.vocabularySize,
      hiddenSize: 192,
      numHiddenLayers: 4,
      numAttentionHeads: 6,
      numKeyValueHeads: 2,
      maxPositionEmbeddings: time,
      ...more,
    });
  let root: string;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'dgpo-memory-'));
    await selectEngine({ engine: 'wasm' });
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const random = createRandom(3);
  const tokens = () => Int32Array.from({ length: time }, () => random.integer(tokenizer.vocabularySize));

  async function play(context: JobContext, slots: number): Promise<void> {
    const sampler = createSampler({ decoder: modelNamed(context, 'student'), tokenizer, slots });
    await sampler.generate(
      Array.from({ length: slots }, (_, index) => ({
        id: `${index}`,
        contextTokenIds: [...tokens().subarray(0, time - 4)],
        maxTokens: 4,
        temperature: 1,
        random: random.split(index),
      })),
    );
    sampler.dispose();
  }

  /** A step of DGPO: rollouts, the cold start's loss, the policy's and the critic's. */
  async function step(context: JobContext, options: { rows: number; slots: number; gradientCheckpointing: boolean }) {
    const rows = Array.from({ length: options.rows }, () => ({
      tokenIds: tokens(),
      mask: new Uint8Array(time).fill(1),
    }));
    const each = (value: number) => new Float32Array(options.rows * (time - 1)).fill(value);
    const { gradientCheckpointing } = options;
    const shared = { rows, weights: each(0.01), gradientCheckpointing };
    await play(context, options.slots);
    await runJob(context, {
      kind: 'distill',
      student: 'student',
      teacher: 'teacher',
      ...shared,
      ceWeight: 1,
      guide: { kind: 'divergence', name: 'fkl', beta: 0.1, lambda: 0.1, headThreshold: 0.5, temperature: 1 },
    });
    await runJob(context, {
      kind: 'policy',
      student: 'student',
      ...shared,
      oldLogProbs: each(-5),
      advantages: each(1),
      loss: { name: 'clip' },
      entropyCoefficient: 0,
      temperature: 1,
    });
    await runJob(context, {
      kind: 'value',
      critic: 'critic',
      ...shared,
      oldValues: each(0),
      returns: each(1),
      clipRange: 1,
    });
  }

  const lora = { rank: 8, alpha: 16, targetModules: ['all-linear'] };
  it.each([
    ['models of their own', {}, { rows: 4, slots: 4, gradientCheckpointing: false }],
    ['models of their own, checkpointed', {}, { rows: 4, slots: 4, gradientCheckpointing: true }],
    ['models of their own, many rollouts', {}, { rows: 1, slots: 32, gradientCheckpointing: true }],
    ['adapters on one base', { lora }, { rows: 4, slots: 4, gradientCheckpointing: false }],
    ['adapters on one base, checkpointed', { lora }, { rows: 2, slots: 8, gradientCheckpointing: true }],
  ] as const)('%s', async (_, adapters, { rows, slots, gradientCheckpointing }) => {
    const sizes = config();
    const run = recipe({
      student: { path: '/m', ...adapters },
      teacher: { ...adapters, training: { microBatchSize: rows, gradientCheckpointing } },
      environment: { maxTotalTokens: time },
      distill: { microBatchSize: rows, batchSize: rows, numTasks: slots, gradientCheckpointing },
      rl: {
        microBatchSize: rows,
        miniBatchSize: rows,
        tasksPerStep: Math.max(slots, rows),
        gradientCheckpointing,
        rolloutBatchSize: slots,
      },
      evaluation: { batchSize: slots },
    });
    const options: MemoryOptions = {
      recipe: run,
      student: sizes,
      teacher: sizes,
      engine: 'wasm',
      workers: 1,
    };
    const drawn = createDecoder({ config: sizes, random: createRandom(1) });
    const parameters = await getParameters(drawn);
    drawn.dispose();
    const directory = join(root, 'model');
    await saveModel({ directory, config: sizes, parameters, tokenizer });
    const peak = await peakOf(async () => {
      const context = createJobContext();
      const options = { rank: 8, alpha: 16, targetModules: 'all-linear' } as const;
      if ('lora' in adapters) await runJob(context, { kind: 'open', name: 'base', directory, seed: 1 });
      for (const name of ['student', 'critic', 'teacher', 'evaluated']) {
        const common = { kind: 'open', name, seed: 1, valueHead: name === 'critic' } as const;
        if ('lora' in adapters) await runJob(context, { ...common, base: 'base', lora: options });
        else await runJob(context, { ...common, directory });
      }
      await step(context, { rows, slots, gradientCheckpointing });
      await closeJobContext(context);
    });
    const { tensors } = estimateMemory(options).worker;
    expect(tensors / peak).toBeLessThan(1.3);
    expect(peak / tensors).toBeLessThan(1.3);
  });
});
