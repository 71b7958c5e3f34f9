import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../src/recipe/recipe-schema.js';
import { runTiny } from './tiny-recipe.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-methods-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const short = { batchSize: 2, microBatchSize: 1, warmupSteps: 0, numTasks: 2 };
const offline = { ...short, demonstrator: 'expert', numTrainEpochs: 2 } as const;
const online = { ...short, maxSteps: 2 };

const stages: RecipeInput['stages'] = [
  { name: 'agent-sft', distill: { ...offline, objective: 'sft' } },
  { name: 'kd', distill: { ...offline, objective: 'kd', divergence: { name: 'adaptive-kl' } } },
  { name: 'gkd', distill: { ...offline, objective: 'gkd', divergence: { name: 'js' } } },
  { name: 'distillm', distill: { ...offline, objective: 'distillm', validationEpisodes: 1 } },
  { name: 'taid', distill: { ...offline, objective: 'taid' } },
  { name: 'gkd-on-policy', distill: { ...online, objective: 'gkd', onPolicy: { fraction: 1 } } },
  { name: 'minillm', distill: { ...online, objective: 'minillm' } },
  { name: 'opd', distill: { ...online, objective: 'opd' } },
];

it('a pipeline of every objective trains each stage from the student of the one before', async () => {
  const outputDir = join(root, 'run');
  await runTiny({ data: join(root, 'data'), outputDir, workers: 1, stages });
  const lines = readFileSync(join(outputDir, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const metrics = lines.map((line) => JSON.parse(line) as Record<string, number> & { stage: string });
  for (const { name } of stages) {
    const own = metrics.filter(({ stage }) => (stage as unknown) === name);
    expect(own, name).toHaveLength(2);
    for (const { loss } of own) expect(Number.isFinite(loss), name).toBe(true);
  }
}, 120_000);
