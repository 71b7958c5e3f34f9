import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HintReport } from '@dgpo/distill/hints';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPipeline } from '../src/pipeline/run-pipeline.js';
import { type RecipeInput, recipeSchema } from '../src/recipe/recipe-schema.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-hint-runs-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const learning = { numTrainEpochs: 1, batchSize: 2, microBatchSize: 2, warmupSteps: 0, temperature: 0 };

/** A student that learns one game of the expert by heart and then from itself; it fails in games of the other family. */
const recipe = (outputDir: string): RecipeInput => ({
  method: 'pipeline',
  ...{ seed: 3, engine: 'wasm', outputDir },
  data: {
    world: 'household',
    household: { size: 'small', families: ['look_at_obj_in_light', 'pick_and_place_simple'], trainTasks: 2 },
  },
  environment: {
    ...{ maxTurns: 12, maxTokensPerTurn: 32, maxObservationTokens: 120, maxTotalTokens: 900 },
    promptTemplate: '{observation}\n',
  },
  student: {
    fresh: { vocabSize: 512, hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 2, maxPositionEmbeddings: 1280 },
  },
  teacher: { kind: 'hinted' },
  hints: { k: 1 },
  stages: [
    {
      name: 'imitation',
      distill: {
        ...learning,
        ...{ objective: 'sft', demonstrator: 'expert', numTasks: 1, numTrainEpochs: 60, batchSize: 1 },
        ...{ microBatchSize: 1, learningRate: 0.01 },
      },
    },
    { name: 'rft', baseline: true, distill: { ...learning, objective: 'sft', demonstrator: 'self' } },
    { name: 'distilled', distill: { ...learning, objective: 'sft', demonstrator: 'hinted' } },
    {
      name: 'guided',
      rl: {
        ...{ algorithm: 'ppo', maxSteps: 2, tasksPerStep: 4, miniBatchSize: 4, microBatchSize: 2 },
        guidance: { gate: 'incorrect', estimator: 'k1', form: 'reward', aggregation: 'token-mean', beta: 0.1 },
      },
    },
  ],
  evaluation: { tasksPerSet: 2 },
});

async function run(outputDir: string, options: { resume: boolean; stopAt?: string }) {
  const lines: string[] = [];
  const controller = new AbortController();
  const say = (line: string) => {
    lines.push(line);
    if (options.stopAt !== undefined && line.startsWith(options.stopAt)) controller.abort(new Error('stopped'));
  };
  const result = await runPipeline({
    recipe: { ...recipeSchema.parse(recipe(outputDir)), workers: 1 },
    resume: options.resume,
    signal: controller.signal,
    reporter: {
      stage: (name, text) => say(`${name}: ${text}`),
      line: say,
      progress: () => undefined,
      tracker: () => ({ log: () => undefined, finish: async () => undefined }),
    },
  });
  return { result, lines };
}

it('a run compares the base, the base with hints, its own successes and the distilled student, and goes on the same', async () => {
  const whole = await run(join(root, 'whole'), { resume: false });
  const { summary, text, reportPath, interrupted } = whole.result;
  const models = summary as Record<string, Record<string, { play: HintReport }>>;
  expect(interrupted).toBe(false);
  expect(Object.keys(models)).toEqual(['base', 'imitation', 'imitation-with-hints', 'rft', 'distilled', 'guided']);
  for (const { play } of Object.values(models).flatMap((sets) => Object.values(sets))) {
    expect(play).toMatchObject({ episodes: 2, errors: 0 });
    expect(play.categories.map(({ category }) => category)).toEqual(['look_at_obj_in_light', 'pick_and_place_simple']);
    expect(play.tokens).toBeGreaterThan(100);
  }
  // Hints are read at every turn.
  const tokens = (model: string) => models[model]?.seen?.play.tokens;
  expect(tokens('imitation-with-hints')).not.toBe(tokens('imitation'));
  expect(text).toContain('imitation-with-hints');
  expect(readFileSync(reportPath, 'utf8')).toContain('Success and cost on unseen');
  expect(whole.lines).toContainEqual(expect.stringMatching(/^[1-9]\d* hints from [1-9]\d* failures$/));

  const stopped = join(root, 'stopped');
  const { result } = await run(stopped, { resume: false, stopAt: 'imitation-hinted-rollouts' });
  expect(result.interrupted).toBe(true);
  const resumed = await run(stopped, { resume: true });
  const results = (folder: string) => readFileSync(join(root, folder, 'results.json'), 'utf8');
  expect(resumed.result.interrupted).toBe(false);
  expect(results('stopped')).toBe(results('whole'));
}, 180_000);
