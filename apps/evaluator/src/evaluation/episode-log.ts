import { join } from 'node:path';
import { taskName } from '@dgpo/trainer';
import {
  DatasetError,
  encodeTrajectory,
  type JsonLinesWriter,
  openJsonLinesWriter,
  readJsonLines,
  readTrajectories,
  type Trajectory,
  trajectorySchema,
  writeJsonLines,
  writeTrajectories,
} from '@dgpo/trajectory';
import type { EpisodeCost } from '../cost/episode-cost.js';
import { isRecord } from '../is-record.js';

/** An episode that has just ended, and what it took. */
export interface PlayedEpisode {
  trajectory: Trajectory;
  cost: EpisodeCost;
}

/** The episodes of one set so far. */
export interface EpisodeLog {
  /** By id, the last one of each. */
  readonly episodes: ReadonlyMap<string, Trajectory>;
  /** What they took. */
  readonly costs: ReadonlyMap<string, EpisodeCost>;
  /** Keeps episodes; when it returns, they survive the end of the process. */
  append(played: readonly PlayedEpisode[]): Promise<void>;
  /** Puts the episodes of a set that is complete into their order. */
  finish(trajectories: readonly Trajectory[]): Promise<void>;
  close(): Promise<void>;
}

export const episodesName = 'episodes.jsonl';
const costsName = 'costs.jsonl';

/** The folder of a set below that of the evaluation. */
export const setFolder = (set: string) => taskName(set);

/** Keeps episodes as long as the process runs. */
export function createMemoryLog(): EpisodeLog {
  const episodes = new Map<string, Trajectory>();
  const costs = new Map<string, EpisodeCost>();
  return {
    episodes,
    costs,
    append: async (played) => {
      for (const { trajectory, cost } of played) {
        episodes.set(trajectory.id, trajectory);
        costs.set(trajectory.id, cost);
      }
    },
    finish: async () => undefined,
    close: async () => undefined,
  };
}

async function readCosts(path: string): Promise<EpisodeCost[]> {
  const costs: EpisodeCost[] = [];
  for await (const line of readJsonLines(path)) {
    if (!isRecord(line) || typeof line.id !== 'string' || typeof line.set !== 'string') {
      throw new DatasetError('expected what an episode took on every line; remove the file to go on without', {
        where: path,
      });
    }
    costs.push(line as unknown as EpisodeCost);
  }
  return costs;
}

/** An episode as it is read back: whether it was played now or before an interrupt must not show in the order of its keys. */
const asRead = (trajectory: Trajectory): Trajectory => trajectorySchema.parse(encodeTrajectory(trajectory));

/**
 * Opens the log of a set in its folder: `episodes.jsonl` and beside it `costs.jsonl`, one line an episode. A last line that a crash has
 * torn is cut off.
 * @throws DatasetError for a line that is damaged otherwise, and for files that cannot be read or written
 */
export async function openEpisodeLog(directory: string): Promise<EpisodeLog> {
  const paths = { episodes: join(directory, episodesName), costs: join(directory, costsName) };
  const writers: JsonLinesWriter[] = [];
  const close = async () => {
    for (const writer of writers) await writer.close();
  };
  try {
    const episodes = await openJsonLinesWriter({ path: paths.episodes, append: true });
    writers.push(episodes);
    const costs = await openJsonLinesWriter({ path: paths.costs, append: true });
    writers.push(costs);
    const costOf = new Map((await readCosts(paths.costs)).map((cost) => [cost.id, cost]));
    const trajectories = new Map<string, Trajectory>();
    for await (const trajectory of readTrajectories(paths.episodes)) trajectories.set(trajectory.id, trajectory);
    return {
      episodes: trajectories,
      costs: costOf,
      async append(played) {
        for (const { trajectory, cost } of played) {
          // The cost first: an episode without one would be taken for played at no cost.
          await costs.write(cost);
          await episodes.write(encodeTrajectory(trajectory));
          trajectories.set(trajectory.id, trajectory);
          costOf.set(trajectory.id, cost);
        }
        await costs.flush();
        await episodes.flush();
      },
      async finish(inOrder) {
        await close();
        await writeTrajectories(paths.episodes, inOrder.map(asRead));
        await writeJsonLines(
          paths.costs,
          inOrder.flatMap(({ id }) => costOf.get(id) ?? []),
        );
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
