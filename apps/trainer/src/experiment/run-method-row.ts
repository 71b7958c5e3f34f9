import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Task } from '@dgpo/trajectory';
import { type EvaluationSet, evaluateModel } from '../evaluate/evaluate-model.js';
import { evaluateStage } from '../pipeline/evaluate-stage.js';
import { type StageModel, shareModel } from '../pipeline/stage-model.js';
import { type TrainedStage, trainStage } from '../pipeline/train-stage.js';
import type { Workshop } from '../pipeline/workshop.js';
import { dropInherited } from '../recipe/drop-inherited.js';
import { mergeTrees, type RawRecipe } from '../recipe/expand-method.js';
import { type Recipe, recipeSchema } from '../recipe/recipe-schema.js';
import type { Playground } from '../train/play-episodes.js';
import type { MethodRow } from './method-rows.js';
import { type MethodRun, setResult } from './method-run.js';
import { readCurves } from './read-curves.js';

/** What every row starts from. */
export interface Bench {
  workshop: Workshop;
  playground: Playground;
  student: StageModel;
  teacher: StageModel;
  tasks: readonly Task[];
  corpus: readonly { contents: string }[];
}

/** The recipe of a row: the base, the row's own keys, then those that tuning chose. */
export function rowRecipe(options: { base: RawRecipe; row: MethodRow; keys?: RawRecipe; seed: number }): Recipe {
  const { base, row, keys = {}, seed } = options;
  const own = mergeTrees(row.keys ?? {}, { method: row.method, seed });
  // What the base says for all rows need not fit each.
  const parse = (said: RawRecipe) => recipeSchema.parse(dropInherited({ merged: mergeTrees(base, said), own: said }));
  const start = parse(mergeTrees(own, row.start?.keys ?? {}));
  // Tuned keys belong to the last stage alone: the stages before it are shared by several rows.
  const tuned = parse(mergeTrees(own, keys));
  return { ...tuned, stages: [...start.stages.slice(0, -1), ...tuned.stages.slice(-1)] };
}

const secondsFile = (workshop: Workshop) => join(workshop.run.path, 'stage-seconds.json');

function readSeconds(workshop: Workshop): Record<string, number> {
  const path = secondsFile(workshop);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>) : {};
}

/** Wall time by stage and key, kept for the rows that share a stage. */
async function timed(workshop: Workshop, name: string, train: () => Promise<TrainedStage>): Promise<TrainedStage> {
  const started = performance.now();
  const model = await train();
  const seconds = (performance.now() - started) / 1000;
  const known = readSeconds(workshop);
  const id = `${name} ${model.key}`;
  // A stage that was there already takes a moment; the longer time is that of its training.
  writeFileSync(
    secondsFile(workshop),
    `${JSON.stringify({ ...known, [id]: Math.max(known[id] ?? 0, seconds) }, null, 2)}\n`,
  );
  return model;
}

/** Trains every stage of a recipe, shared ones once, and gives the models by the names of the stages. */
async function trainRow(bench: Bench, row: MethodRow, recipe: Recipe) {
  const { workshop, playground, teacher, tasks } = bench;
  const stageSeconds: Record<string, number> = {};
  let model: TrainedStage = bench.student;
  for (const [index, stage] of recipe.stages.entries()) {
    // The last stage is the row's own, unless it is what others start from.
    const isOwn = index === recipe.stages.length - 1 && (row.grid ?? row.settingsOf) !== undefined;
    const named = {
      ...stage,
      name: isOwn ? row.name : ['shared', stage.name, row.student, row.start?.name].filter(Boolean).join('-'),
    };
    const before = model;
    model = await timed(workshop, named.name, () =>
      trainStage({ workshop, stage: named, playground, student: before, teacher, tasks, seed: recipe.seed }),
    );
    stageSeconds[named.name] = readSeconds(workshop)[`${named.name} ${model.key}`] ?? 0;
  }
  return { model, stageSeconds };
}

/** Trains one row on one seed and measures it on the held-out sets. */
export async function runMethodRow(options: {
  bench: Bench;
  row: MethodRow;
  recipe: Recipe;
  keys: unknown;
  sets: readonly EvaluationSet[];
  commit: string;
}): Promise<MethodRun> {
  const { bench, row, recipe, keys, sets, commit } = options;
  const { workshop, playground } = bench;
  const { model, stageSeconds } = await trainRow(bench, row, recipe);
  const evaluation = await evaluateStage({
    workshop,
    name: row.name,
    playground,
    policy: model,
    sets,
    temperature: 0,
    batchSize: 64,
    seed: 0,
    corpus: bench.corpus,
  });
  const stageName = Object.keys(stageSeconds).at(-1) ?? row.name;
  const { curves, tokens } = await readCurves(workshop.run.metricsPath, stageName);
  return {
    row: row.name,
    method: row.method,
    seed: recipe.seed,
    commit,
    keys,
    stageSeconds,
    trainedTokens: tokens,
    collapsed: model.collapsed ?? null,
    steps: Math.max(0, ...Object.values(curves).flatMap((curve) => curve.map(([step]) => step))),
    sets: evaluation.sets.map(setResult),
    curves,
  };
}

/** Trains one configuration of a row and gives its exact match on the validation questions. */
export async function validateMethodRow(options: {
  bench: Bench;
  row: MethodRow;
  recipe: Recipe;
  validation: EvaluationSet;
}): Promise<{ exactMatch: number; collapsed: string | null }> {
  const { bench, row, recipe, validation } = options;
  const { model } = await trainRow(bench, row, recipe);
  const { workshop, playground } = bench;
  await shareModel(workshop, 'evaluated', model);
  const { sets } = await evaluateModel({
    playground,
    policy: { model: 'evaluated' },
    sets: [validation],
    seed: 0,
    signal: workshop.signal,
  });
  return {
    exactMatch: sets[0]?.summary.overall.figures.exactMatch.mean ?? Number.NaN,
    collapsed: model.collapsed ?? null,
  };
}
