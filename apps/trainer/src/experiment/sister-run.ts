import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HintReport } from '@dgpo/distill/hints';
import type { ModelEvaluation } from '../evaluate/evaluate-model.js';
import { type EvaluationCost, evaluationCost } from '../evaluate/evaluation-cost.js';
import type { PipelineResult } from '../pipeline/run-pipeline.js';
import { hashValue } from '../run/stable-hash.js';
import type { Curve } from './method-run.js';
import { readCurves } from './read-curves.js';

/** What is kept of a set of tasks. */
export interface PlayedSet {
  name: string;
  /** Hash of the tasks in their order: equal ones can be compared task by task. */
  tasks: string;
  /** One character a task: 1 right, 0 wrong. */
  correct: string;
  /** One a task, to 4 decimals; absent where it is 1 for right and 0 for wrong. */
  rewards?: number[];
  /** Success, score, turns and tokens, by family of tasks. */
  play: HintReport;
}

/** What a model of a run did. */
export interface PlayedModelRun {
  name: string;
  sets: PlayedSet[];
  /** Over all sets; candidates of a vote included. */
  cost: EvaluationCost;
  /** Wall time of the evaluation, where the recipe has it measured. */
  seconds?: number;
  /** Of the training that made it. */
  curves: Record<string, Curve>;
}

/** One run of one row of the experiment: everything that the table and its curves need. */
export interface SisterRun {
  row: string;
  seed: number;
  /** Of the code that made it. */
  commit: string;
  /** The recipe as written, and the weights that it started from. */
  keys: unknown;
  models: PlayedModelRun[];
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const rounded = (value: number) => Number(value.toFixed(4));

function playedSet(set: ModelEvaluation['sets'][number], play: HintReport): PlayedSet {
  const { name, trajectories } = set;
  const rewards = trajectories.map(({ outcome }) => rounded(outcome.reward));
  const plain = trajectories.every(({ outcome }) => outcome.reward === Number(outcome.correct));
  return {
    name,
    tasks: hashValue(trajectories.map(({ task }) => task.id)).slice(0, 16),
    correct: trajectories.map(({ outcome }) => (outcome.correct ? '1' : '0')).join(''),
    ...(plain ? {} : { rewards }),
    play,
  };
}

/** The figures of a finished pipeline, read from its folder. */
export async function sisterModels({ runDirectory, summary }: PipelineResult): Promise<PlayedModelRun[]> {
  const models = Object.entries(summary as Record<string, Record<string, { play: HintReport }>>);
  return Promise.all(
    models.map(async ([name, figures]): Promise<PlayedModelRun> => {
      const stage = join(runDirectory, 'stages', `evaluation-${name}`);
      const evaluation = readJson(join(stage, 'evaluation.json')) as ModelEvaluation;
      const timings = join(stage, 'timings.json');
      const { curves } = await readCurves(join(runDirectory, 'metrics.jsonl'), name);
      return {
        name,
        sets: evaluation.sets.map((set) => playedSet(set, (figures[set.name] as { play: HintReport }).play)),
        cost: evaluationCost(evaluation),
        ...(existsSync(timings) ? { seconds: rounded((readJson(timings) as { seconds: number }).seconds) } : {}),
        curves,
      };
    }),
  );
}
