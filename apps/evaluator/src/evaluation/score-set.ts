import { type BootstrapOptions, scoreTrajectories } from '@dgpo/arc';
import { mostFrequentAnswerBaseline, type SetEvaluation } from '@dgpo/trainer';
import {
  averageBenchmarks,
  type BenchmarkAverages,
  type ScoredBenchmark,
  scoreBenchmark,
} from '../benchmarks/score-benchmark.js';
import type { EpisodeCost } from '../cost/episode-cost.js';
import type { AnswerRecall } from '../retrieval/answer-recall.js';
import type { PlayedSet } from './play-set.js';
import type { QuestionSet } from './question-set.js';

/** What a policy did on one set, with all that belongs beside the figures. */
export interface EvaluatedSet extends SetEvaluation {
  /** The score that goes into averages; absent for worlds, whose outcome is no answer. */
  scored?: ScoredBenchmark;
  costs: EpisodeCost[];
  /** Where rows without a golden answer lie, which were left out. */
  withoutAnswer: readonly string[];
  answerRecall?: AnswerRecall;
}

/** Figures over several sets. */
export interface Evaluation {
  /** In the order given. */
  sets: EvaluatedSet[];
  /** Every set weighs the same. */
  averages: BenchmarkAverages;
}

type Bootstrap = Required<Pick<BootstrapOptions, 'bootstrapSamples' | 'seed'>>;

/** Scores the episodes of a set that was played by a policy. */
export function summarizeSet(set: QuestionSet, { trajectories }: PlayedSet, bootstrap: Bootstrap): SetEvaluation {
  return {
    name: set.name,
    summary: scoreTrajectories(trajectories, bootstrap),
    trajectories,
    baseline: mostFrequentAnswerBaseline(set.tasks),
  };
}

/** Puts what belongs to a set beside its figures. @throws ConfigError where `mathjs` is needed and not installed */
export function evaluatedSet(options: {
  set: QuestionSet;
  evaluation: SetEvaluation;
  costs: EpisodeCost[];
  answerRecall?: AnswerRecall | undefined;
  bootstrap: Bootstrap;
}): EvaluatedSet {
  const { set, evaluation, costs, answerRecall, bootstrap } = options;
  const { name, kind, withoutAnswer = [] } = set;
  return {
    ...evaluation,
    costs,
    withoutAnswer,
    ...(answerRecall === undefined ? {} : { answerRecall }),
    ...(kind === undefined
      ? {}
      : {
          scored: scoreBenchmark({ benchmark: { name, kind }, trajectories: evaluation.trajectories, ...bootstrap }),
        }),
  };
}

/** The sets with their averages. */
export function evaluationOf(sets: EvaluatedSet[], bootstrap: Bootstrap): Evaluation {
  return { sets, averages: averageBenchmarks({ scored: sets.flatMap(({ scored }) => scored ?? []), ...bootstrap }) };
}
