import {
  type EpisodeMeasures,
  type MeasureTrajectoryOptions,
  measureTrajectory,
} from '../measures/measure-trajectory.js';
import { createExamples, type ExampleEpisode } from './examples.js';
import { type LogOptions, type LogSummary, openLog } from './open-log.js';

export interface ReadEpisodesOptions extends MeasureTrajectoryOptions, LogOptions {
  /** How many whole episodes to keep for showing, some of every cause and some right ones. @default 0 */
  keep?: number;
}

export interface ReadEpisodesResult {
  measures: EpisodeMeasures[];
  /** The kept episodes in the order of the file. */
  kept: ExampleEpisode[];
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
  const examples = createExamples(keep);
  for await (const trajectory of episodes) {
    const measured = measureTrajectory(trajectory, options);
    examples.add({ measures: measured, trajectory });
    measures.push(measured);
  }
  return { measures, kept: examples.chosen(), log: summary };
}
