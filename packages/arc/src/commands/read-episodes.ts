import { DatasetError, readTrajectories, type Trajectory } from '@dgpo/trajectory';
import {
  type EpisodeMeasures,
  type MeasureTrajectoryOptions,
  measureTrajectory,
} from '../measures/measure-trajectory.js';

export interface ReadEpisodesOptions extends MeasureTrajectoryOptions {
  path: string;
  /** How many whole episodes to keep for showing, right and wrong ones in turn. @default 0 */
  keep?: number;
}

export interface ReadEpisodesResult {
  measures: EpisodeMeasures[];
  /** The kept episodes in the order of the file. */
  kept: Trajectory[];
}

/**
 * Measures the episodes of a trajectory file as they stream by.
 *
 * @throws DatasetError if the file is missing, malformed or empty.
 */
export async function readEpisodes({ path, keep = 0, ...options }: ReadEpisodesOptions): Promise<ReadEpisodesResult> {
  const measures: EpisodeMeasures[] = [];
  const right: { row: number; trajectory: Trajectory }[] = [];
  const wrong: { row: number; trajectory: Trajectory }[] = [];
  for await (const trajectory of readTrajectories(path)) {
    const bin = trajectory.outcome.correct ? right : wrong;
    if (bin.length < keep) bin.push({ row: measures.length, trajectory });
    measures.push(measureTrajectory(trajectory, options));
  }
  if (measures.length === 0) throw new DatasetError('there are no episodes in this file', { where: path });
  const fromRight = Math.min(right.length, Math.max(Math.ceil(keep / 2), keep - wrong.length));
  const chosen = [...right.slice(0, fromRight), ...wrong.slice(0, keep - fromRight)].sort((a, b) => a.row - b.row);
  return { measures, kept: chosen.map(({ trajectory }) => trajectory) };
}
