import { exactMatch, tokenF1 } from '@dgpo/arc';
import type { Task, Trajectory } from '@dgpo/trajectory';
import { episodeMetrics } from './episode-metrics.js';
import { type Playground, playEpisodes } from './play-episodes.js';

/** When a training is evaluated, and by what its best model is chosen; names as in Hugging Face. */
export interface TrainingEvaluationSettings {
  /** Updates between evaluations, also after the last update; 0 never. */
  evalSteps: number;
  /** The metric that the best checkpoint is chosen by; more is better. */
  metricForBestModel: string;
  /** Episodes that a worker plays side by side. */
  rolloutBatchSize: number;
}

export interface EvaluateDuringTrainingOptions {
  playground: Playground;
  /** Name of the model in the workers. */
  model: string;
  /** Held-out questions, the same at every evaluation. */
  tasks: readonly Task[];
  settings: TrainingEvaluationSettings;
  /** The update that is finished, and the last one. */
  step: number;
  maxSteps: number;
  seed: number;
}

export interface TrainingEvaluation {
  /** `eval/exact_match`, `eval/f1`, `eval/searches` …; empty where no evaluation is due. */
  metrics: Record<string, number>;
  /** That of `metricForBestModel`, undefined where none is due or no episode could be played to its end. */
  metric: number | undefined;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Not of use for a greedy policy, or the same as exact match. */
const left = new Set(['reward_std', 'correct']);

function evaluationMetrics(played: readonly Trajectory[]): Record<string, number> {
  const episodes = played.filter(({ outcome }) => outcome.endedBy !== 'error');
  const metrics: Record<string, number> = {
    exact_match: mean(episodes.map(({ task, outcome }) => (exactMatch(outcome.answer, task.goldenAnswers) ? 1 : 0))),
    f1: mean(episodes.map(({ task, outcome }) => tokenF1(outcome.answer, task.goldenAnswers))),
    ...Object.fromEntries(Object.entries(episodeMetrics(played)).filter(([name]) => !left.has(name))),
  };
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval/${name}`, value]));
}

/**
 * Plays the held-out questions greedily with the model as it is after an update, where an evaluation is due. It is a part of its
 * update: an interrupt waits for it, since what it measures stands in the same line of metrics and decides which checkpoint is best.
 *
 * @throws RetrieverError when searches failed in too many of the episodes; whatever the workers throw
 */
export async function evaluateDuringTraining(options: EvaluateDuringTrainingOptions): Promise<TrainingEvaluation> {
  const { playground, model, tasks, settings, step, maxSteps, seed } = options;
  const { evalSteps, metricForBestModel, rolloutBatchSize } = settings;
  const due = evalSteps > 0 && tasks.length > 0 && (step % evalSteps === 0 || step === maxSteps);
  if (!due) return { metrics: {}, metric: undefined };
  const metrics = evaluationMetrics(
    await playEpisodes({ ...playground, policy: { model }, tasks, temperature: 0, seed, batchSize: rolloutBatchSize }),
  );
  const metric = metrics[metricForBestModel];
  return { metrics, metric: metric !== undefined && Number.isFinite(metric) ? metric : undefined };
}
