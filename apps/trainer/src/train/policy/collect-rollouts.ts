import { informativeGroups } from '@dgpo/rl';
import type { createRandom, Task, Trajectory } from '@dgpo/trajectory';
import type { RlSettings } from '../../recipe/rl-section.js';
import { type Playground, playEpisodes } from '../play-episodes.js';

type Random = ReturnType<typeof createRandom>;

/** What was played for one update; plain data. */
export interface Rollouts {
  /** In the order of the tasks, batch after batch. */
  episodes: Trajectory[];
  /** Group of each episode: the id of its task, with a number where a task stands there again. */
  groups: string[];
  /** Episodes to learn from, as indices; all that the world did not break, or the informative groups. */
  chosen: number[];
  /** Reward of the greedy episode of each group, for ReMax. */
  baselines: Record<string, number>;
  /** Batches that were played. */
  batches: number;
  /** Groups whose episodes all have the same reward, of all groups. */
  fracRewardZeroStd: number;
}

export interface CollectRolloutsOptions {
  playground: Playground;
  settings: RlSettings;
  tasks: readonly Task[];
  /** Name of the policy in the workers. */
  model: string;
  step: number;
  random: Random;
  signal?: AbortSignal | undefined;
}

/** The questions of update `step`: pass after pass over a list, each in an order of its own. */
function tasksOfStep(options: { tasks: readonly Task[]; perStep: number; step: number; random: Random }): Task[] {
  const { tasks, perStep, step } = options;
  const random = options.random.split('policy-tasks');
  const first = (step - 1) * perStep;
  const orders = new Map<number, Task[]>();
  return Array.from({ length: perStep }, (_, index) => {
    const pass = Math.floor((first + index) / tasks.length);
    const order = orders.get(pass) ?? random.split(pass).shuffle(tasks);
    orders.set(pass, order);
    return order[(first + index) % tasks.length] as Task;
  });
}

/** Questions in the place of those without signal: a pass of its own, so that those of the next updates stay what they are. */
function furtherTasks(options: CollectRolloutsOptions, batch: number): Task[] {
  const { tasks, settings, step, random } = options;
  const order = random.split('further-tasks', step, batch).shuffle(tasks);
  return Array.from({ length: settings.tasksPerStep }, (_, index) => order[index % order.length] as Task);
}

/** Names for the groups of a batch; `seen` counts the places where a task stood before. */
function groupNames(tasks: readonly Task[], seen: Map<string, number>): string[] {
  return tasks.map(({ id }) => {
    const count = seen.get(id) ?? 0;
    seen.set(id, count + 1);
    return count === 0 ? id : `${id}#${count}`;
  });
}

const seedOf = (random: Random) => random.integer(2 ** 31);

/** Plays the episodes of one update; with `filterGroups`, batch after batch until enough questions have a signal. */
export async function collectRollouts(options: CollectRolloutsOptions): Promise<Rollouts> {
  const { playground, settings, model, step, random, signal } = options;
  const { numGenerations, tasksPerStep, rolloutBatchSize } = settings;
  const play = { ...playground, policy: { model }, batchSize: rolloutBatchSize, signal };
  const seen = new Map<string, number>();
  const rollouts: Rollouts = { episodes: [], groups: [], chosen: [], baselines: {}, batches: 0, fracRewardZeroStd: 0 };
  const informative = new Set<string>();
  const most = settings.filterGroups ? settings.maxNumGenBatches : 1;
  while (rollouts.batches < most && informative.size < tasksPerStep) {
    const batch = rollouts.batches;
    const tasks =
      batch === 0
        ? tasksOfStep({ tasks: options.tasks, perStep: tasksPerStep, step, random })
        : furtherTasks(options, batch);
    const names = groupNames(tasks, seen);
    const source = batch === 0 ? random.split('rollouts', step) : random.split('rollouts', step, batch);
    const played = await playEpisodes({
      ...play,
      tasks,
      samplesPerTask: numGenerations,
      temperature: settings.temperature,
      seed: seedOf(source),
    });
    if (settings.algorithm === 'remax') {
      const greedy = await playEpisodes({
        ...play,
        tasks,
        temperature: 0,
        seed: seedOf(random.split('greedy', step, batch)),
      });
      greedy.forEach(({ outcome }, index) => {
        if (outcome.endedBy !== 'error') rollouts.baselines[names[index] as string] = outcome.reward;
      });
    }
    const start = rollouts.episodes.length;
    played.forEach((episode, index) => {
      const group = names[Math.floor(index / numGenerations)] as string;
      rollouts.episodes.push(episode);
      rollouts.groups.push(group);
      // An episode that the world broke says nothing about the policy, nor does one whose greedy twin is missing.
      const counts = episode.outcome.endedBy !== 'error' && hasTokens(episode);
      if (counts && (settings.algorithm !== 'remax' || group in rollouts.baselines))
        rollouts.chosen.push(start + index);
    });
    rollouts.batches += 1;
    for (const group of signals(rollouts, settings).informative) informative.add(group);
  }
  const { fracRewardZeroStd } = signals(rollouts, settings);
  const kept = new Set([...informative].slice(0, tasksPerStep));
  const chosen = settings.filterGroups
    ? rollouts.chosen.filter((index) => kept.has(rollouts.groups[index] as string))
    : rollouts.chosen;
  return { ...rollouts, chosen, fracRewardZeroStd };
}

const hasTokens = ({ segments }: Trajectory) =>
  segments.some(({ kind, tokenIds }) => kind === 'policy' && (tokenIds?.length ?? 0) > 0);

function signals({ episodes, groups, chosen }: Rollouts, { numGenerations, filterGroups }: RlSettings) {
  return informativeGroups({
    scores: Float32Array.from(chosen, (index) => episodes[index]?.outcome.reward ?? 0),
    groups: chosen.map((index) => groups[index] as string),
    // What is left of a group when the world broke the others has nothing to compare with.
    keepSingletons: !filterGroups || numGenerations === 1,
  });
}
