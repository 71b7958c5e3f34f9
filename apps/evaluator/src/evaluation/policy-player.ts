import { type Environment, type Policy, streamEpisodes } from '@dgpo/envs';
import type { Task } from '@dgpo/trajectory';
import type { EndedEpisode, Player } from './play-set.js';
import type { QuestionSet } from './question-set.js';

export interface PolicyPlayerOptions {
  policyOf: (set: QuestionSet) => Policy;
  environmentOf: (set: QuestionSet) => Environment;
  samplesPerTask: number;
  temperature: number;
  topP?: number | undefined;
  seed: number;
  /** Episodes side by side that take their turns together: a batch of a model. @default 1 */
  batchSize?: number;
  /** Batches side by side that do not wait for each other: requests to a server. @default 1 */
  streams?: number;
  /** What is kept of an episode. @default the episode as it is */
  finish?: (trajectory: EndedEpisode['trajectory']) => EndedEpisode;
}

/** Hands every task to one of several readers, whoever asks first. */
async function* handOut(tasks: readonly Task[]): AsyncGenerator<Task> {
  for (const task of tasks) yield task;
}

/** Plays with a policy in this process, each episode told as it ends. */
export function createPolicyPlayer(options: PolicyPlayerOptions): Player {
  const { policyOf, environmentOf, samplesPerTask, temperature, topP, seed, batchSize = 1, streams = 1 } = options;
  const { finish = (trajectory) => ({ trajectory }) } = options;
  return async ({ set, isPlayed, onEpisodes, signal }) => {
    const failed = new AbortController();
    const tasks = handOut(set.tasks);
    const stream = async () => {
      try {
        for await (const trajectory of streamEpisodes({
          environment: environmentOf(set),
          policy: policyOf(set),
          tasks,
          samplesPerTask,
          temperature,
          ...(topP === undefined ? {} : { topP }),
          seed,
          batchSize,
          skip: isPlayed,
          asTheyEnd: true,
          signal: signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]),
        })) {
          await onEpisodes([finish(trajectory)]);
        }
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: streams }, stream));
    if (failed.signal.aborted) throw failed.signal.reason;
    signal?.throwIfAborted();
    for (const result of ended) if (result.status === 'rejected') throw result.reason;
  };
}
