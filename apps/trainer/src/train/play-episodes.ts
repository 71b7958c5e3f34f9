import { EnvironmentError, RetrieverError, type Task, type Trajectory } from '@dgpo/trajectory';
import type { EnvironmentSettings, RetrieverSource } from '../compute/environment-settings.js';
import type { EpisodesJob } from '../compute/episodes-job.js';
import type { ComputePool } from '../compute/pool.js';
import { createLocalExecutor, type RolloutExecutor } from '../rollout/rollout-executor.js';
import { untilAborted } from '../run/until-aborted.js';

/** Where and by which rules episodes are played. */
export interface Playground {
  pool: ComputePool;
  /** Who plays. @default the workers of the pool */
  executor?: RolloutExecutor;
  /** Folder of the tokenizer. */
  tokenizer: string;
  /** Of the search environment. */
  retriever?: RetrieverSource;
  environment: EnvironmentSettings;
  /** Share of the episodes of a call that failing searches, or a failing world, may end; with more, nothing is left to learn from. @default 0.9 */
  maxErrorRate?: number;
}

export interface PlayOptions extends Playground {
  /** A model that the workers have, or the environment's own expert. */
  policy: EpisodesJob['policy'];
  tasks: readonly Task[];
  /** @default 1 */
  samplesPerTask?: number;
  /** 0 is greedy. */
  temperature: number;
  /** @default 1 */
  topP?: number;
  seed: number;
  /** Episodes played side by side in one worker. @default 64 */
  batchSize?: number;
  /** What the first turn of a task begins with, by its id; of the code environment. @default nothing */
  prefixes?: ReadonlyMap<string, string>;
  /** Ids of episodes to leave out, `<task id>#<sample>`: they are not among those returned. @default none */
  skip?: ReadonlySet<string>;
  onProgress?: (episodes: number) => void;
  /** Told of episodes as a worker is done with some of them, in any order; waited for. */
  onEpisodes?: (episodes: readonly Trajectory[]) => void | Promise<void>;
  signal?: AbortSignal | undefined;
}

/**
 * A search engine or a world that is out of order costs the episodes that it broke; one that breaks nearly all of them must not go
 * unnoticed.
 * @throws RetrieverError, or EnvironmentError where nothing is searched, when the share of broken episodes is above `maxErrorRate`.
 */
export function requireSearches(
  episodes: readonly Trajectory[],
  { retriever, maxErrorRate = 0.9 }: Pick<Playground, 'retriever' | 'maxErrorRate'>,
): void {
  const broken = episodes.filter(({ outcome }) => outcome.endedBy === 'error');
  if (broken.length <= maxErrorRate * episodes.length) return;
  if (retriever === undefined) {
    throw new EnvironmentError(
      `${broken.length} of ${episodes.length} episodes failed: ${broken[0]?.outcome.error ?? 'no reason given'}`,
      { where: `environment ${broken[0]?.environment}` },
    );
  }
  throw new RetrieverError(
    `searches failed in ${broken.length} of ${episodes.length} episodes (${broken[0]?.outcome.error ?? 'no reason given'}); ` +
      'mend the search engine, then go on with --resume',
    { where: 'url' in retriever ? retriever.url : retriever.directory },
  );
}

/** Ids of the episodes of one place of a cut; a task that stands there before has had its first samples. */
function idsOf(cut: readonly number[], index: number, tasks: readonly Task[], samplesPerTask: number): string[] {
  const id = tasks[cut[index] ?? -1]?.id;
  const before = cut.slice(0, index).filter((place) => tasks[place]?.id === id).length;
  return Array.from({ length: samplesPerTask }, (_, sample) => `${id}#${before * samplesPerTask + sample}`);
}

/** The episodes of a cut that are left out, as a message can hold them. */
const skippedOf = (
  cut: readonly number[],
  tasks: readonly Task[],
  samplesPerTask: number,
  skip: ReadonlySet<string>,
): string[] => cut.flatMap((_, index) => idsOf(cut, index, tasks, samplesPerTask).filter((id) => skip.has(id)));

/** Those of some tasks, as a message can hold them. */
const prefixesOf = (tasks: readonly Task[], prefixes: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries(
    tasks.flatMap(({ id }) => {
      const prefix = prefixes.get(id);
      return prefix === undefined ? [] : [[id, prefix]];
    }),
  );

/**
 * Plays tasks on all workers; the episodes come in the order of the tasks and do not depend on the number of workers. A task that
 * stands there twice is played by one worker, which counts its samples on.
 * @throws RetrieverError, or EnvironmentError where nothing is searched, when more than `maxErrorRate` of the episodes failed; whatever
 * the workers throw; the signal's reason.
 */
export async function playEpisodes(options: PlayOptions): Promise<Trajectory[]> {
  const { tasks, samplesPerTask = 1, batchSize = 64, prefixes, topP, skip, onProgress, onEpisodes, signal } = options;
  const { executor = createLocalExecutor(options.pool) } = options;
  const { parallel } = executor;
  const places = new Map<string, number[]>();
  tasks.forEach(({ id }, place) => {
    places.set(id, [...(places.get(id) ?? []), place]);
  });
  const groups = [...places.values()];
  // Twice as many pieces as workers keep all of them busy to the end; each piece is still a full batch where there is enough.
  const pieces = Math.max(parallel, Math.min(2 * parallel, Math.ceil((tasks.length * samplesPerTask) / batchSize)));
  const size = Math.max(1, Math.ceil(groups.length / pieces));
  const cuts: number[][] = [];
  for (let start = 0; start < groups.length; start += size) cuts.push(groups.slice(start, start + size).flat());
  const byTask: Trajectory[][] = [];
  let done = 0;
  await Promise.all(
    cuts.map(async (cut) => {
      const job: EpisodesJob = {
        kind: 'episodes',
        policy: options.policy,
        tokenizer: options.tokenizer,
        ...(options.retriever === undefined ? {} : { retriever: options.retriever }),
        environment: options.environment,
        tasks: cut.map((place) => tasks[place] as Task),
        samplesPerTask,
        temperature: options.temperature,
        ...(topP === undefined ? {} : { topP }),
        seed: options.seed,
        batchSize,
        ...(skip === undefined ? {} : { skip: skippedOf(cut, tasks, samplesPerTask, skip) }),
        ...(prefixes === undefined
          ? {}
          : {
              prefixes: prefixesOf(
                cut.map((place) => tasks[place] as Task),
                prefixes,
              ),
            }),
      };
      // An interrupt does not wait for what is being played: nothing of it is kept.
      const [episodes = []] = await untilAborted(() => executor.run([job]), signal);
      let next = 0;
      cut.forEach((place, index) => {
        const left = idsOf(cut, index, tasks, samplesPerTask).filter((id) => skip?.has(id) !== true).length;
        byTask[place] = episodes.slice(next, next + left);
        next += left;
      });
      await onEpisodes?.(episodes);
      done += episodes.length;
      onProgress?.(done);
    }),
  );
  const episodes = byTask.flat();
  requireSearches(episodes, options);
  return episodes;
}
