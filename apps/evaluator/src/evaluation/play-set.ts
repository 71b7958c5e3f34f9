import { ConfigError, EnvironmentError, type Trajectory } from '@dgpo/trajectory';
import type { CostMeter, MeteredEpisode } from '../cost/cost-meter.js';
import type { EpisodeCost } from '../cost/episode-cost.js';
import type { EpisodeLog } from './episode-log.js';
import type { QuestionSet } from './question-set.js';

/** An episode as a player tells of it. */
export type EndedEpisode = Omit<MeteredEpisode, 'set'>;

interface PlayRequest {
  set: QuestionSet;
  /** Whether an episode is there already, by its id `<task id>#<sample>`. */
  isPlayed: (id: string) => boolean;
  /** Told of episodes as they end, in any order; waited for. What it throws ends the play. */
  onEpisodes: (ended: readonly EndedEpisode[]) => Promise<void>;
  signal?: AbortSignal | undefined;
}

/** Plays the episodes of a set that are not there yet. */
export type Player = (request: PlayRequest) => Promise<void>;

export interface PlaySetOptions {
  set: QuestionSet;
  samplesPerTask: number;
  player: Player;
  log: EpisodeLog;
  meter: CostMeter;
  /**
   * Share of the episodes, those kept from before included, that may end by an error; with more the play is given up. It is looked at
   * from the twentieth episode of a play on, and at the end.
   * @default 0.5
   */
  maxErrorRate?: number;
  onProgress?: (progress: { set: string; done: number; total: number }) => void;
  signal?: AbortSignal | undefined;
}

export interface PlayedSet {
  /** In the order of tasks and samples. */
  trajectories: Trajectory[];
  costs: EpisodeCost[];
}

const fewestEpisodes = 20;

const defaultMaxErrorRate = 0.5;

/**
 * Plays what the log lacks, and what ended there by an error; the log keeps every episode as soon as it ends.
 * @throws EnvironmentError when more than `maxErrorRate` of them ended by an error; what is finished is kept. Whatever the player throws,
 * and the signal's reason.
 */
export async function playSet(options: PlaySetOptions): Promise<PlayedSet> {
  const { set, samplesPerTask, player, log, meter, maxErrorRate = defaultMaxErrorRate, onProgress, signal } = options;
  const ids = set.tasks.flatMap(({ id }) => Array.from({ length: samplesPerTask }, (_, sample) => `${id}#${sample}`));
  const kept = new Set(
    ids.filter((id) => {
      const { outcome } = log.episodes.get(id) ?? {};
      return outcome !== undefined && outcome.endedBy !== 'error';
    }),
  );
  let done = kept.size;
  let played = 0;
  let failed = 0;
  let lastError = '';
  const requireFew = (least: number) => {
    const there = kept.size + played;
    if (played < least || failed <= maxErrorRate * there) return;
    throw new EnvironmentError(
      `${failed} of ${there} episodes ended by an error (${lastError}); mend that, then run the same command again: with --out it goes on where it stopped`,
      { where: set.name },
    );
  };
  onProgress?.({ set: set.name, done, total: ids.length });
  meter.restart();
  if (kept.size < ids.length) {
    await player({
      set,
      isPlayed: (id) => kept.has(id),
      signal,
      onEpisodes: async (ended) => {
        const costs = meter.record(ended.map((episode) => ({ set: set.name, ...episode })));
        await log.append(
          ended.flatMap(({ trajectory }, index) => {
            const cost = costs[index];
            return cost === undefined ? [] : [{ trajectory, cost }];
          }),
        );
        for (const { outcome } of ended.map(({ trajectory }) => trajectory)) {
          played += 1;
          if (outcome.endedBy !== 'error') continue;
          failed += 1;
          lastError = outcome.error ?? 'no reason given';
        }
        done += ended.length;
        onProgress?.({ set: set.name, done, total: ids.length });
        requireFew(fewestEpisodes);
      },
    });
  }
  requireFew(1);
  const trajectories = ids.map((id) => {
    const trajectory = log.episodes.get(id);
    if (trajectory === undefined) throw new ConfigError(`the episode ${id} was not played`, { where: set.name });
    return trajectory;
  });
  await log.finish(trajectories);
  return { trajectories, costs: ids.flatMap((id) => log.costs.get(id) ?? []) };
}
