import { compareEpisodes, type EpisodeComparison, measureTrajectory } from '@dgpo/arc';
import { DatasetError, type Trajectory } from '@dgpo/trajectory';

/** The episodes of one model; what `readEvaluation` of `@dgpo/trainer` returns is one. */
export interface ComparedModel {
  /** Name of the model. */
  model: string;
  sets: readonly { name: string; trajectories: readonly Trajectory[] }[];
}

export interface CompareEvaluationsOptions {
  /** The model to compare against. */
  baseline: ComparedModel;
  /** The model in question. */
  candidate: ComparedModel;
  /** Resamples of the intervals. @default 1000 */
  bootstrapSamples?: number;
  /** Of the resampling. @default 0 */
  seed?: number;
}

export interface EvaluationComparison {
  baseline: string;
  candidate: string;
  /** The sets that both have, in the order of the baseline. */
  sets: { name: string; comparison: EpisodeComparison }[];
  /** Names of the sets that only one of them has. */
  leftOut: string[];
}

/**
 * Compares two models question by question on the sets that both were evaluated on: paired differences of every measure with 95 %
 * bootstrap intervals, a permutation test for each, and McNemar's exact test of exact match.
 *
 * @throws DatasetError when they share no set, or a shared set has no question in common
 */
export function compareEvaluations(options: CompareEvaluationsOptions): EvaluationComparison {
  const { baseline, candidate, bootstrapSamples = 1000, seed = 0 } = options;
  const episodesOf = ({ sets }: ComparedModel, name: string) =>
    (sets.find((set) => set.name === name)?.trajectories ?? []).map((trajectory) => measureTrajectory(trajectory));
  const names = (model: ComparedModel) => model.sets.map(({ name }) => name);
  const shared = names(baseline).filter((name) => names(candidate).includes(name));
  if (shared.length === 0) {
    throw new DatasetError(
      `no set in common: ${baseline.model} has ${names(baseline).join(', ')}, ${candidate.model} has ${names(candidate).join(', ')}`,
    );
  }
  const sets = shared.map((name) => {
    const comparison = compareEpisodes({
      baseline: episodesOf(baseline, name),
      candidate: episodesOf(candidate, name),
      bootstrapSamples,
      seed,
    });
    if (comparison.sharedTasks === 0) throw new DatasetError(`no question of the set ${name} is in both evaluations`);
    return { name, comparison };
  });
  const leftOut = [...names(baseline), ...names(candidate)].filter((name) => !shared.includes(name));
  return { baseline: baseline.model, candidate: candidate.model, sets, leftOut };
}
