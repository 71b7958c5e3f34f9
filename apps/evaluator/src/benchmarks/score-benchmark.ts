import { type BootstrapOptions, bootstrapInterval, exactMatch, type Figure, macroAverage, tokenF1 } from '@dgpo/arc';
import type { BenchmarkKind } from '@dgpo/envs/benchmarks';
import { equivalentAnswers } from '@dgpo/envs/math';
import type { Trajectory } from '@dgpo/trajectory';

/** What became of the answer of one episode. */
export type AnswerVerdict = 'right' | 'wrong' | 'undecided' | 'none';

/** The figures of one benchmark. */
export interface BenchmarkScore {
  name: string;
  kind: BenchmarkKind;
  questions: number;
  episodes: number;
  /** What goes into averages: exact match of question answering, the share of equal answers in mathematics. */
  score: Figure;
  /** Word overlap with the best golden answer; question answering only. */
  f1?: Figure;
  /** Episodes by verdict; `undecided`, in mathematics only, counts as wrong in the score. */
  verdicts: Record<AnswerVerdict, number>;
  /** Episodes that a failing search or a failing endpoint broke; among those without an answer. */
  errors: number;
}

/** Unweighted means over benchmarks; `count` is their number, 0 where there are none. */
export interface BenchmarkAverages {
  all: Figure;
  questionAnswering: Figure;
  mathematics: Figure;
}

/** How the answer of an episode stands against the golden ones. @throws ConfigError where `mathjs` is needed and not installed. */
function answerVerdict({ task, outcome }: Trajectory, kind: BenchmarkKind): AnswerVerdict {
  const { answer } = outcome;
  if (answer === null) return 'none';
  if (kind === 'question-answering') return exactMatch(answer, task.goldenAnswers) ? 'right' : 'wrong';
  const verdicts = task.goldenAnswers.map((goldenAnswer) => equivalentAnswers({ answer, goldenAnswer }).verdict);
  if (verdicts.includes('equal')) return 'right';
  return verdicts.includes('undecided') ? 'undecided' : 'wrong';
}

export interface ScoredBenchmark {
  score: BenchmarkScore;
  /** The score of each question, the mean over its episodes. */
  perQuestion: number[];
}

export interface ScoreBenchmarkOptions extends BootstrapOptions {
  benchmark: { name: string; kind: BenchmarkKind };
  trajectories: readonly Trajectory[];
}

/** Scores the episodes of one benchmark, with bootstrap intervals over questions. @throws ConfigError as {@link answerVerdict} does. */
export function scoreBenchmark(options: ScoreBenchmarkOptions): ScoredBenchmark {
  const { benchmark, trajectories, ...bootstrap } = options;
  const { name, kind } = benchmark;
  const clusters = trajectories.map(({ task }) => task.id);
  const verdicts = trajectories.map((trajectory) => answerVerdict(trajectory, kind));
  const values = verdicts.map((verdict) => Number(verdict === 'right'));
  const byQuestion = new Map<string, number[]>();
  clusters.forEach((id, index) => {
    byQuestion.set(id, [...(byQuestion.get(id) ?? []), values[index] ?? 0]);
  });
  const count = (verdict: AnswerVerdict) => verdicts.filter((other) => other === verdict).length;
  const f1 = trajectories.map(({ task, outcome }) => tokenF1(outcome.answer, task.goldenAnswers));
  return {
    score: {
      name,
      kind,
      questions: byQuestion.size,
      episodes: trajectories.length,
      score: bootstrapInterval({ values, clusters, ...bootstrap }),
      ...(kind === 'question-answering' ? { f1: bootstrapInterval({ values: f1, clusters, ...bootstrap }) } : {}),
      verdicts: { right: count('right'), wrong: count('wrong'), undecided: count('undecided'), none: count('none') },
      errors: trajectories.filter(({ outcome }) => outcome.endedBy === 'error').length,
    },
    perQuestion: [...byQuestion.values()].map(
      (scores) => scores.reduce((sum, value) => sum + value, 0) / scores.length,
    ),
  };
}

/** Means of the scores in which every benchmark weighs the same, as the paper's tables have them. */
export function averageBenchmarks(
  options: BootstrapOptions & { scored: readonly ScoredBenchmark[] },
): BenchmarkAverages {
  const { scored, ...bootstrap } = options;
  const over = (kind?: BenchmarkKind) =>
    macroAverage({
      sets: scored
        .filter(({ score }) => kind === undefined || score.kind === kind)
        .map(({ perQuestion }) => perQuestion),
      ...bootstrap,
    });
  return { all: over(), questionAnswering: over('question-answering'), mathematics: over('mathematics') };
}
