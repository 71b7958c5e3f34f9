import type { Trajectory } from '@dgpo/trajectory';
import type { BootstrapOptions } from '../statistics/bootstrap-figures.js';
import { groupBy } from './group-by.js';
import { type MeasureTrajectoryOptions, measureTrajectory } from './measure-trajectory.js';
import { type ScoreSummary, summarizeMeasures } from './summarize-measures.js';

export interface ScoreTrajectoriesOptions extends BootstrapOptions, MeasureTrajectoryOptions {}

/**
 * Scores episodes: each is measured by {@link measureTrajectory}, all are summarised by {@link summarizeMeasures}. To score more episodes
 * than fit in memory, measure them as they stream in and summarise the measures.
 *
 * Groups are by number of hops where the tasks say it, else by their type, unless `groupBy` says otherwise.
 *
 * @throws RangeError if an option makes no sense.
 */
export function scoreTrajectories(
  trajectories: Iterable<Trajectory>,
  options: ScoreTrajectoriesOptions = {},
): ScoreSummary {
  const { groupBy: key = groupBy('auto'), ...bootstrap } = options;
  return summarizeMeasures(
    Array.from(trajectories, (trajectory) => measureTrajectory(trajectory, { groupBy: key })),
    bootstrap,
  );
}
