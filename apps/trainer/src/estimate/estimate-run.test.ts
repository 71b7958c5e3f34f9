import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decoderConfig, parameterCount } from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { type Recipe, recipeSchema } from '../recipe/recipe-schema.js';
import { typicalEpisode } from './episode-size.js';
import { estimateRun } from './estimate-run.js';
import { readModelConfig } from './model-config.js';
import { operations } from './work.js';

const recipe = (overrides: object = {}): Recipe =>
  recipeSchema.parse({ data: { corpus: '/c.jsonl', trainQuestions: '/q.jsonl' }, ...overrides });

/** Width 8, one layer, two heads of four, MLP of 32, vocabulary 10: 10·8 + 8 + 24·8 + 8·8 + 8 + 64·8 + 8·32 + 8 = 1128. */
const tiny = decoderConfig({
  vocabularySize: 10,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 32,
  maxPositionEmbeddings: 4096,
});

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('expected an error');
};

describe('operations', () => {
  it('is 2N and the attention term per token, three times that in training', () => {
    expect(parameterCount(tiny)).toBe(1128);
    const work = { model: tiny, tokens: 5, context: 100 };
    const forward = 5 * (2 * 1128 + 2 * 1 * 100 * 8);
    expect(operations({ ...work, kind: 'score' })).toBe(forward);
    expect(operations({ ...work, kind: 'sample' })).toBe(forward);
    expect(operations({ ...work, kind: 'train' })).toBe(3 * forward);
  });
});

describe('typicalEpisode', () => {
  it('adds prompt, turns and passages, within the limits of the recipe', () => {
    expect(typicalEpisode(recipe())).toEqual({ sampled: 96, perTurn: 32, total: 30 + 190 + 3 * 32 + 2 * 480 });
    const short = recipe({
      environment: {
        maxSearches: 1,
        maxTokensPerTurn: 10,
        maxObservationTokens: 50,
        promptTemplate: 'Q: {question}\n',
      },
    });
    expect(typicalEpisode(short)).toEqual({ sampled: 20, perTurn: 10, total: 30 + 5 + 20 + 50 });
    expect(typicalEpisode(recipe({ environment: { maxTotalTokens: 64 } }))).toEqual({
      sampled: 64,
      perTurn: 32,
      total: 64,
    });
  });
});

describe('estimateRun', () => {
  it('counts the tokens of every stage', () => {
    const run = recipe({
      pretrain: { maxSteps: 10, batchSize: 4, maxLength: 50 },
      distill: { numTasks: 100, numTrainEpochs: 2 },
      rl: { maxSteps: 3, tasksPerStep: 64, ppoEpochs: 2 },
      evaluation: { tasksPerSet: 40 },
    });
    const { stages, models } = estimateRun({ recipe: run, trainQuestions: 60, evalQuestions: [10, 500] });
    const total = 1276;
    expect(models.map(({ name, parameters }) => [name, parameters])).toEqual([
      ['student', parameterCount(models[0]?.config ?? tiny)],
      ['teacher', parameterCount(models[1]?.config ?? tiny)],
    ]);
    expect(stages.map(({ seconds, ...tokens }) => tokens)).toEqual([
      { name: 'pretrain student', trained: 2000, scored: 0, sampled: 0 },
      { name: 'pretrain teacher', trained: 2000, scored: 0, sampled: 0 },
      { name: 'teacher', trained: 10 * 60 * total, scored: 0, sampled: 0 },
      { name: 'kd', trained: 120 * total, scored: 60 * (total - 96) + 120 * total, sampled: 60 * 96 },
      {
        name: 'dgpo',
        trained: 2 * 2 * 192 * total,
        scored: 192 * (total - 96) + 2 * 192 * total,
        sampled: 192 * 96,
      },
      { name: 'evaluation', trained: 0, scored: 3 * 4 * 50 * (total - 96), sampled: 4 * 50 * (96 + 2 * 32) },
    ]);
  });

  it('counts chains of thought, turns of code, votes and thoughts, and no reading where nothing is read', () => {
    const arithmetic = ({ method = 'agent-distillation', environment = {}, distill = {}, evaluation = {} }) =>
      recipeSchema.parse({
        data: { world: 'arithmetic' },
        method,
        environment: { maxTokensPerTurn: 144, maxTotalTokens: 800, ...environment },
        evaluation: { tasksPerSet: 10, ...evaluation },
        distill: { numTasks: 50, numTrainEpochs: 1, ...distill },
      });
    const figures = (run: Recipe) => {
      const { stages, assumptions } = estimateRun({ recipe: run, trainQuestions: 40, evalQuestions: [10] });
      return {
        distilled: stages.at(-2),
        evaluated: stages.at(-1),
        assumed: assumptions[0],
      };
    };
    // "Question: {question}\n" and the question, three turns of 64 tokens, two observations.
    const code = { environment: { maxObservationTokens: 192 } };
    const total = 30 + 7 + 3 * 64 + 2 * 192;
    const plain = figures(arithmetic(code));
    expect(plain.evaluated).toMatchObject({ sampled: 3 * 10 * 192, scored: 3 * 10 * (total - 192) });
    expect(plain.distilled).toMatchObject({ sampled: 40 * 192, scored: 40 * (total - 192) });
    expect(plain.assumed).toContain('(at most 3 turns of code, 64 tokens a turn)');
    const voted = figures(
      arithmetic({
        ...code,
        distill: { firstThoughtPrefix: true, maxThoughtTokens: 100 },
        evaluation: { selfConsistency: { samples: 8 } },
      }),
    );
    expect(voted.evaluated).toMatchObject({ sampled: (3 + 8) * 10 * 192, scored: 4 * 10 * (total - 192) });
    // Of a thought the prompt is read: the question, and "Question: {question}\nReasoning:\n".
    expect(voted.distilled).toMatchObject({ sampled: 40 * (192 + 100), scored: 40 * (total - 192 + 30 + 11) });
    const { evaluated, assumed } = figures(arithmetic({ method: 'cot-distillation' }));
    expect(evaluated).toMatchObject({ sampled: 3 * 10 * 144, scored: 3 * 10 * (30 + 11) });
    expect(assumed).toMatch(/^episodes of 185 tokens, 144 of them sampled \(one turn, without a search\)/);
  });

  it('takes operations over rates over cores as time, and gives none where the rate depends on the device', () => {
    const run = recipe({ pretrain: { maxSteps: 100 } });
    const [pretrain] = estimateRun({ recipe: run, cores: 4 }).stages;
    const [half] = estimateRun({ recipe: { ...run, workers: 2 }, cores: 4 }).stages;
    expect(half?.seconds).toBeCloseTo(2 * (pretrain?.seconds ?? 0), 9);
    const device = estimateRun({ recipe: run, engine: 'webgpu' });
    expect(device.seconds).toBeUndefined();
    expect(device.assumptions[1]).toBe('no time: the speed of webgpu depends on the device');
    expect(device.memory.workers).toBe(1);
  });

  it('refuses what cannot fit a wasm heap, and every remedy it names works', () => {
    const wide = { fresh: { hiddenSize: 512, numHiddenLayers: 8, numAttentionHeads: 8 } };
    const large = recipe({ student: wide, engine: 'wasm', environment: { maxTotalTokens: 2048 } });
    const message = messageOf(() => estimateRun({ recipe: large }));
    expect(message).toMatch(
      /^engine wasm: episodes of full length need about \d+\.\d GiB in each worker \(weights 0\.\d GiB, /,
    );
    expect(message).toMatch(/or with engine tensorflow or webgpu$/);
    const tokens = Number(/environment\.maxTotalTokens of (\d+)/.exec(message)?.[1]);
    const mended = { ...large, environment: { ...large.environment, maxTotalTokens: tokens } };
    expect(estimateRun({ recipe: mended }).memory.worker.heap).toBeLessThanOrEqual(2 ** 32);
    const micro = recipe({
      student: wide,
      environment: { maxTotalTokens: 512 },
      rl: { microBatchSize: 32 },
      evaluation: { batchSize: 4 },
    });
    const size = Number(
      /microBatchSize of (\d+) in every stage/.exec(messageOf(() => estimateRun({ recipe: micro })))?.[1],
    );
    expect(32 % size).toBe(0);
    const smaller = {
      ...micro,
      stages: micro.stages.map(({ name, distill, rl }) => ({
        name,
        ...(distill === undefined ? {} : { distill: { ...distill, microBatchSize: size } }),
        ...(rl === undefined ? {} : { rl: { ...rl, microBatchSize: size } }),
      })),
      teacher: { ...micro.teacher, training: { ...micro.teacher.training, microBatchSize: size } },
    };
    expect(estimateRun({ recipe: smaller }).warnings).toEqual([]);
    expect(estimateRun({ recipe: { ...large, engine: 'tensorflow' } }).engine).toBe('tensorflow');
  });

  it('warns where only episodes of full length or holes in the heap are too much', () => {
    const { warnings, memory } = estimateRun({
      recipe: recipe({ distill: { microBatchSize: 16 }, teacher: { training: { microBatchSize: 16 } } }),
    });
    expect(memory.worker.heap).toBeGreaterThan(2 ** 32);
    expect(warnings).toEqual([
      expect.stringMatching(/; it fits with microBatchSize of \d+ in every stage and in teacher.training, or/),
    ]);
  });

  it('says so when nothing but a smaller model helps', () => {
    const huge = recipe({ student: { fresh: { hiddenSize: 2048, numHiddenLayers: 24, numAttentionHeads: 16 } } });
    expect(messageOf(() => estimateRun({ recipe: huge }))).toMatch(/choose a smaller model, or with engine/);
  });

  it('refuses a model that reads less than an episode, and asks for sizes it was not given', () => {
    const short = { ...tiny, maxPositionEmbeddings: 64 };
    const folder = recipe({ student: { path: '/m' }, teacher: { kind: 'model', path: '/t' } });
    expect(messageOf(() => estimateRun({ recipe: folder, student: short, teacher: tiny }))).toBe(
      'student.path: this model reads 64 tokens, environment.maxTotalTokens is 4096; lower it',
    );
    expect(messageOf(() => estimateRun({ recipe: folder }))).toMatch(/^student\.path: the sizes/);
    expect(messageOf(() => estimateRun({ recipe: folder, student: tiny }))).toMatch(/^teacher\.path: the sizes/);
    expect(estimateRun({ recipe: folder, student: tiny, teacher: tiny }).stages[0]?.name).toBe('kd');
  });
});

describe('readModelConfig', () => {
  it('reads sizes and refuses other models', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dgpo-config-'));
    const json = {
      model_type: 'llama',
      vocab_size: 10,
      hidden_size: 8,
      intermediate_size: 32,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      max_position_embeddings: 4096,
      rms_norm_eps: 1e-5,
      tie_word_embeddings: true,
    };
    const write = (value: object) => writeFileSync(join(directory, 'config.json'), JSON.stringify(value));
    write(json);
    expect(await readModelConfig(directory)).toEqual(tiny);
    write({ ...json, model_type: 'mamba' });
    await expect(readModelConfig(directory)).rejects.toThrow(
      /config\.json: model_type is "mamba"; supported are llama/,
    );
    write({ ...json, hidden_size: 'wide' });
    await expect(readModelConfig(directory)).rejects.toThrow(/config\.json: hidden_size is missing or not a number/);
    await expect(readModelConfig(join(directory, 'x'))).rejects.toThrow(/cannot be read; give the folder of a model/);
    rmSync(directory, { recursive: true });
  });
});
