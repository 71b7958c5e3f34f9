import type { Trajectory } from '@dgpo/trajectory';
import {
  type EpisodeMeasures,
  type MeasureTrajectoryOptions,
  measureTrajectory,
} from '../measures/measure-trajectory.js';
import { type LogOptions, type LogSummary, openLog } from './open-log.js';

export interface ReadEpisodesOptions extends MeasureTrajectoryOptions, LogOptions {
  /** How many whole episodes to keep for showing, right and wrong ones in turn. @default 0 */
  keep?: number;
}

export interface ReadEpisodesResult {
  measures: EpisodeMeasures[];
  /** The kept episodes in the order of the file. */
  kept: Trajectory[];
  log: LogSummary;
}

/**
 * Measures the episodes of a log as they stream by.
 *
 * @throws DatasetError as {@link openLog} does.
 */
export async function readEpisodes({
  path,
  format,
  strict = false,
  keep = 0,
  ...options
}: ReadEpisodesOptions): Promise<ReadEpisodesResult> {
  const { episodes, summary } = await openLog({ path, format, strict });
  const measures: EpisodeMeasures[] = [];
  const right: { row: number; trajectory: Trajectory }[] = [];
  const wrong: { row: number; trajectory: Trajectory }[] = [];
  for await (const trajectory of episodes) {
    const bin = trajectory.outcome.correct ? right : wrong;
    if (bin.length < keep) bin.push({ row: measures.length, trajectory });
    measures.push(measureTrajectory(trajectory, options));
  }
  const fromRight = Math.min(right.length, Math.max(Math.ceil(keep / 2), keep - wrong.length));
  const chosen = [...right.slice(0, fromRight), ...wrong.slice(0, keep - fromRight)].sort((a, b) => a.row - b.row);
  return { measures, kept: chosen.map(({ trajectory }) => trajectory), log: summary };
}
