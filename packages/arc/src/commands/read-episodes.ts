import {
  DatasetError,
  detectLogFormat,
  type LogFormat,
  type RejectedRecord,
  readLogs,
  type Trajectory,
} from '@dgpo/trajectory';
import {
  type EpisodeMeasures,
  type MeasureTrajectoryOptions,
  measureTrajectory,
} from '../measures/measure-trajectory.js';
import type { LogSummary } from './log-summary.js';

export interface ReadEpisodesOptions extends MeasureTrajectoryOptions {
  path: string;
  format: LogFormat | 'auto';
  /** Whether a record that is no episode is an error. @default false */
  strict?: boolean;
  /** How many whole episodes to keep for showing, right and wrong ones in turn. @default 0 */
  keep?: number;
}

export interface ReadEpisodesResult {
  measures: EpisodeMeasures[];
  /** The kept episodes in the order of the file. */
  kept: Trajectory[];
  log: LogSummary;
}

const keptRejections = 20;

/**
 * Measures the episodes of a log as they stream by.
 *
 * @throws DatasetError if the file is missing, of an unknown shape or without episodes; if it is strict, for any record that is none.
 */
export async function readEpisodes(options: ReadEpisodesOptions): Promise<ReadEpisodesResult> {
  const { path, format: named, strict = false, keep = 0, ...measuring } = options;
  const format = named === 'auto' ? await detectLogFormat({ path }) : named;
  const measures: EpisodeMeasures[] = [];
  const right: { row: number; trajectory: Trajectory }[] = [];
  const wrong: { row: number; trajectory: Trajectory }[] = [];
  const rejections: RejectedRecord[] = [];
  let rejected = 0;
  const onRejected = (record: RejectedRecord) => {
    rejected += 1;
    if (rejections.length < keptRejections) rejections.push(record);
  };
  for await (const trajectory of readLogs({ path, format, ...(strict ? {} : { onRejected }) })) {
    const bin = trajectory.outcome.correct ? right : wrong;
    if (bin.length < keep) bin.push({ row: measures.length, trajectory });
    measures.push(measureTrajectory(trajectory, measuring));
  }
  if (measures.length === 0) {
    const [first] = rejections;
    const reason =
      first === undefined ? '' : `: ${rejected} rejected, the first on line ${first.line}: ${first.reason}`;
    throw new DatasetError(`there are no episodes in this file${reason}`, { where: path });
  }
  const withoutGoldenAnswers = measures.filter(({ goldenAnswers }) => goldenAnswers.length === 0).length;
  const fromRight = Math.min(right.length, Math.max(Math.ceil(keep / 2), keep - wrong.length));
  const chosen = [...right.slice(0, fromRight), ...wrong.slice(0, keep - fromRight)].sort((a, b) => a.row - b.row);
  return {
    measures,
    kept: chosen.map(({ trajectory }) => trajectory),
    log: { format, episodes: measures.length, withoutGoldenAnswers, rejected, rejections },
  };
}
