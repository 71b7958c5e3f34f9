import { DatasetError, readTrajectories } from '@dgpo/trajectory';
import {
  type EpisodeMeasures,
  type MeasureTrajectoryOptions,
  measureTrajectory,
} from '../measures/measure-trajectory.js';
import { createExamples, type ExampleEpisode } from './examples.js';

export interface ReadEpisodesOptions extends MeasureTrajectoryOptions {
  path: string;
  /** How many whole episodes to keep for showing, some of every cause and some right ones. @default 0 */
  keep?: number;
}

export interface ReadEpisodesResult {
  measures: EpisodeMeasures[];
  /** The kept episodes in the order of the file. */
  kept: ExampleEpisode[];
}

/**
 * Measures the episodes of a trajectory file as they stream by.
 *
 * @throws DatasetError if the file is missing, malformed or empty.
 */
export async function readEpisodes({ path, keep = 0, ...options }: ReadEpisodesOptions): Promise<ReadEpisodesResult> {
  const measures: EpisodeMeasures[] = [];
  const examples = createExamples(keep);
  for await (const trajectory of readTrajectories(path)) {
    const measured = measureTrajectory(trajectory, options);
    examples.add({ measures: measured, trajectory });
    measures.push(measured);
  }
  if (measures.length === 0) throw new DatasetError('there are no episodes in this file', { where: path });
  return { measures, kept: examples.chosen() };
}
