import {
  compareEpisodeSets,
  compareEpisodes,
  type EpisodeComparison,
  type EpisodeMeasures,
  measureTrajectory,
} from '@dgpo/arc';
import { benchmarkKinds, isBenchmarkName } from '@dgpo/envs/benchmarks';
import { DatasetError, type Trajectory } from '@dgpo/trajectory';
import { countEpisodeCost } from './cost/episode-cost.js';
import { addEvaluationCosts, type CostReport, costReport, type EvaluationCost } from './cost/evaluation-cost.js';
import { type ComparedPair, evaluationDifferences, sharedSets } from './evaluation-differences.js';

/** The episodes of one model; what `readEvaluation` of `@dgpo/trainer` returns is one. */
export interface ComparedModel {
  /** Name of the model. */
  model: string;
  sets: readonly { name: string; trajectories: readonly Trajectory[] }[];
  /** How it was evaluated, as `results.json` has it. */
  settings?: Record<string, unknown>;
  /** What that took. @default what the episodes show: tokens, calls and searches without time and memory */
  cost?: CostReport;
}

export interface CompareEvaluationsOptions extends ComparedPair {
  /** Resamples of the intervals. @default 1000 */
  bootstrapSamples?: number;
  /** Of the resampling. @default 0 */
  seed?: number;
}

/** What the two took, each over all of its own questions. */
export type ComparedCost = Record<'baseline' | 'candidate', EvaluationCost>;

export interface EvaluationComparison {
  baseline: string;
  candidate: string;
  /** The sets that both have, in the order of the baseline. */
  sets: { name: string; comparison: EpisodeComparison; cost: ComparedCost }[];
  /** Over these sets, each with the same weight; null where there is just one. */
  overall: { comparison: EpisodeComparison; cost: ComparedCost } | null;
  /** Names of the sets that only one of them has. */
  leftOut: string[];
  /** What differs apart from the model: questions, samples, settings. Empty in a fair comparison. */
  differences: string[];
}

const episodesOf = ({ sets }: ComparedModel, name: string) => sets.find((set) => set.name === name)?.trajectories ?? [];

/** What a set took: as measured, else what its episodes show. */
function costOf(model: ComparedModel, set: string): EvaluationCost {
  const measured = model.cost?.sets.find(({ name }) => name === set)?.cost;
  if (measured !== undefined) return measured;
  const unknown = { set, engine: 'unknown', seconds: Number.NaN, peakMemoryBytes: Number.NaN };
  return costReport(episodesOf(model, set).map((episode) => ({ ...unknown, ...countEpisodeCost(episode) }))).overall;
}

/** Benchmarks of mathematics are right by equivalence, which stands in place of exact match wherever they are scored. */
function isMathematics({ task }: Trajectory): boolean {
  const name = String(task.metadata?.dataset_name);
  return isBenchmarkName(name) && benchmarkKinds[name] === 'mathematics';
}

/** Questions of a set are paired whatever tools the agent had: by the name of the set, not of the environment. */
function measureQuestion(set: string, trajectory: Trajectory): EpisodeMeasures {
  const measures = measureTrajectory(trajectory);
  const exactMatch = isMathematics(trajectory) ? measures.correct : measures.exactMatch;
  return { ...measures, environment: set, exactMatch };
}

/**
 * Compares two models question by question on the sets that both were evaluated on: paired differences of every measure with 95 %
 * bootstrap intervals, a permutation test for each, and McNemar's exact test of exact match; with several sets their average too.
 * Questions that one of them alone has are left out; `differences` says what else makes the comparison unfair.
 *
 * @throws DatasetError when they share no set, or a shared set has no question in common
 */
export function compareEvaluations(options: CompareEvaluationsOptions): EvaluationComparison {
  const { baseline, candidate, bootstrapSamples = 1000, seed = 0 } = options;
  const shared = sharedSets(options);
  const measured = shared.map((name) => ({
    baseline: episodesOf(baseline, name).map((trajectory) => measureQuestion(name, trajectory)),
    candidate: episodesOf(candidate, name).map((trajectory) => measureQuestion(name, trajectory)),
  }));
  const sets = shared.map((name, index) => {
    const comparison = compareEpisodes({
      ...(measured[index] ?? { baseline: [], candidate: [] }),
      bootstrapSamples,
      seed,
    });
    if (comparison.sharedTasks === 0) throw new DatasetError(`no question of the set ${name} is in both evaluations`);
    return { name, comparison, cost: { baseline: costOf(baseline, name), candidate: costOf(candidate, name) } };
  });
  const total = (side: keyof ComparedCost) => addEvaluationCosts(sets.map(({ cost }) => cost[side]));
  const names = [baseline, candidate].flatMap((model) => model.sets.map(({ name }) => name));
  return {
    baseline: baseline.model,
    candidate: candidate.model,
    sets,
    overall:
      sets.length === 1
        ? null
        : {
            comparison: compareEpisodeSets({ sets: measured, bootstrapSamples, seed }),
            cost: { baseline: total('baseline'), candidate: total('candidate') },
          },
    leftOut: names.filter((name) => !shared.includes(name)),
    differences: evaluationDifferences(options),
  };
}
