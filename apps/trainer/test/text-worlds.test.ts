import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPipeline } from '../src/pipeline/run-pipeline.js';
import { type RecipeInput, recipeSchema } from '../src/recipe/recipe-schema.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-text-worlds-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const quiet = { log: () => undefined, finish: async () => undefined };
const lines: string[] = [];
const reporter = {
  stage: (name: string, text: string) => lines.push(`${name}: ${text}`),
  line: () => undefined,
  progress: () => undefined,
  tracker: () => quiet,
};

const fresh = {
  vocabSize: 512,
  hiddenSize: 16,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 768,
};

const common: Omit<RecipeInput, 'data'> = {
  method: 'pipeline',
  seed: 3,
  engine: 'wasm',
  environment: {
    maxTurns: 3,
    maxTokensPerTurn: 24,
    maxObservationTokens: 160,
    maxTotalTokens: 768,
    promptTemplate: '{observation}\n',
  },
  student: { fresh },
  pretrain: { maxSteps: 2, batchSize: 2, maxLength: 32 },
  stages: [
    {
      name: 'imitate',
      distill: {
        objective: 'sft',
        demonstrator: 'expert',
        numTrainEpochs: 1,
        batchSize: 4,
        microBatchSize: 2,
        warmupSteps: 0,
      },
    },
    {
      name: 'reinforce',
      rl: {
        algorithm: 'ppo',
        guidance: { gate: 'never' },
        maxSteps: 2,
        tasksPerStep: 2,
        numGenerations: 2,
        miniBatchSize: 4,
        microBatchSize: 2,
        criticWarmupSteps: 0,
      },
    },
  ],
  evaluation: { tasksPerSet: 3 },
};

it.each<[string, Partial<RecipeInput> & Pick<RecipeInput, 'data'>, string[]]>([
  [
    'household',
    {
      data: {
        world: 'household',
        household: { size: 'small', families: ['look_at_obj_in_light', 'pick_and_place_simple'], trainTasks: 8 },
      },
      environment: { ...common.environment, maxTurns: 20 },
    },
    ['seen', 'unseen'],
  ],
  [
    'webshop',
    {
      data: { world: 'webshop', webshop: { products: 12, trainTasks: 8 } },
      environment: {
        ...common.environment,
        maxTurns: 12,
        maxTokensPerTurn: 80,
        maxObservationTokens: 200,
        maxTotalTokens: 2048,
      },
      student: { fresh: { ...fresh, maxPositionEmbeddings: 2048 } },
    },
    ['held-out'],
  ],
])(
  'a %s is learned from its expert and by reinforcement, and the run goes on where it stopped',
  async (world, own, sets) => {
    const outputDir = join(root, world);
    const recipe = { ...recipeSchema.parse({ ...common, ...own, outputDir }), workers: 1 };
    const result = await runPipeline({ recipe, resume: false, reporter });
    const statistics = JSON.parse(readFileSync(join(outputDir, 'stages/expert-outputs/statistics.json'), 'utf8'));
    expect(statistics).toMatchObject({ tasks: 8, correct: 8, errors: 0 });
    expect(existsSync(join(outputDir, 'stages/index'))).toBe(false);
    expect(Object.keys(result.summary)).toEqual(['base', 'imitate', 'reinforce']);
    const { reinforce } = result.summary as Record<
      string,
      Record<string, { play: { episodes: number; steps: number } }>
    >;
    expect(Object.keys(reinforce ?? {})).toEqual(sets);
    for (const set of sets) expect(reinforce?.[set]?.play).toMatchObject({ episodes: 3, errors: 0 });
    expect(result.retrieval).toEqual({});
    expect(result.text).toContain('Success in percent');
    expect(readFileSync(result.reportPath, 'utf8')).toContain('Success on');
    const settings = JSON.parse(readFileSync(join(outputDir, 'stages/reinforce/model/agent.json'), 'utf8'));
    expect(settings.kind).toBe(world);

    lines.length = 0;
    const again = await runPipeline({ recipe, resume: true, reporter });
    expect(again.summary).toEqual(result.summary);
    expect(lines.filter((line) => line.endsWith('updates'))).toEqual([]);
  },
);
