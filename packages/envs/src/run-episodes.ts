import { ConfigError, createRandom, DatasetError, type Task, type Trajectory } from '@dgpo/trajectory';
import type { Environment, EpisodeState, Turn } from './environment.js';
import { endWithoutAnswer } from './episode/episode-limits.js';
import { generateTurns } from './generate-turns.js';
import type { Policy } from './policy.js';
import { toTrajectory } from './to-trajectory.js';

export interface EpisodeProgress {
  /** Episodes that are over. */
  finished: number;
  /** Of these, the ones that the environment calls correct. */
  correct: number;
  /** Of these, the ones that the environment or a policy without a result broke (`outcome.endedBy` is `error`); they say nothing about the policy. */
  errors: number;
  /** Episodes in progress. */
  running: number;
  /** Tokens that the policy has written so far. */
  policyTokens: number;
}

export interface RunEpisodesOptions {
  environment: Environment;
  policy: Policy;
  tasks: Iterable<Task> | AsyncIterable<Task>;
  /** Episodes per task. @default 1 */
  samplesPerTask?: number;
  /** 0 is greedy. @default 1 */
  temperature?: number;
  /** Of nucleus sampling. @default 1 */
  topP?: number;
  seed: number;
  /** Episodes in progress at a time; it changes speed and memory, never what an episode draws. @default 32 */
  batchSize?: number;
  /** Whether to leave an episode out, by its id `<task id>#<sample>`: one that is there already, say. The others are as without. */
  skip?: (id: string) => boolean;
  /** Yield episodes as they end, not in the order of tasks and samples. @default false */
  asTheyEnd?: boolean;
  /** After every turn of the batch. */
  onProgress?: (progress: EpisodeProgress) => void;
  /** Aborting rejects with the signal's reason; episodes in progress are dropped. */
  signal?: AbortSignal | undefined;
}

interface RunningEpisode {
  /** Place in the order of tasks and samples. */
  index: number;
  id: string;
  sample: number;
  state: EpisodeState;
}

/**
 * Every task `samplesPerTask` times, in order. A task that comes again gets further sample numbers.
 * @throws DatasetError when two different questions share an id: their episodes would be mixed up.
 */
async function* planEpisodes(
  tasks: RunEpisodesOptions['tasks'],
  samplesPerTask: number,
): AsyncGenerator<{ task: Task; sample: number }> {
  const seen = new Map<string, { question: string; samples: number }>();
  for await (const task of tasks) {
    const before = seen.get(task.id) ?? { question: task.question, samples: 0 };
    if (before.question !== task.question) {
      throw new DatasetError(`two questions have this id: "${before.question}" and "${task.question}"`, {
        where: `task ${task.id}`,
      });
    }
    seen.set(task.id, { question: task.question, samples: before.samples + samplesPerTask });
    for (let sample = before.samples; sample < before.samples + samplesPerTask; sample++) yield { task, sample };
  }
}

/** The next states: what the policy could not write ends its episode, the rest goes to the environment. */
async function stepWritten(
  environment: Environment,
  turns: readonly Turn[],
  tokenizer: Policy,
  signal: AbortSignal | undefined,
): Promise<EpisodeState[]> {
  const written = turns.filter(({ completion }) => completion.error === undefined);
  const stepped = written.length === 0 ? [] : await environment.step({ turns: written, tokenizer, signal });
  const states = new Map(written.map((turn, index) => [turn, stepped[index] ?? turn.state]));
  return turns.map((turn) => states.get(turn) ?? endWithoutAnswer(turn.state, 'error', turn.completion.error));
}

/**
 * Plays episodes and yields each one in the order of tasks and samples as soon as those before it are out, or with `asTheyEnd` at once.
 * A finished episode makes room for the next, so the batch stays full. Each turn draws from `createRandom(seed).split(task.id, sample, turn)`: an episode
 * depends on nothing but its own task, sample and seed. Policy tokens are kept exactly as sampled.
 * @throws ConfigError for options out of range, DatasetError for colliding task ids, whatever the policy throws, and the signal's reason.
 */
export async function* streamEpisodes(options: RunEpisodesOptions): AsyncGenerator<Trajectory> {
  const { environment, policy, tasks, samplesPerTask = 1, temperature = 1, topP, seed, batchSize = 32 } = options;
  const { skip = () => false, asTheyEnd = false, onProgress, signal } = options;
  for (const [where, value] of Object.entries({ samplesPerTask, batchSize })) {
    if (!Number.isInteger(value) || value < 1) throw new ConfigError(`expected at least 1, found ${value}`, { where });
  }
  if (!(temperature >= 0)) throw new ConfigError(`expected 0 or more, found ${temperature}`, { where: 'temperature' });
  if (topP !== undefined && !(topP > 0 && topP <= 1)) {
    throw new ConfigError(`expected more than 0 and at most 1, found ${topP}`, { where: 'topP' });
  }

  const random = createRandom(seed);
  const plan = planEpisodes(tasks, samplesPerTask);
  const finished = new Map<number, Trajectory>();
  const progress: EpisodeProgress = { finished: 0, correct: 0, errors: 0, running: 0, policyTokens: 0 };
  let running: RunningEpisode[] = [];
  let started = 0;
  let yielded = 0;
  let isPlanned = false;

  const settle = ({ index, id, sample, state }: RunningEpisode): boolean => {
    const { outcome } = state;
    if (outcome === null) return false;
    finished.set(index, toTrajectory({ id, sample, state, outcome, environment, policy }));
    progress.finished += 1;
    progress.correct += outcome.correct ? 1 : 0;
    progress.errors += outcome.endedBy === 'error' ? 1 : 0;
    policy.release?.([id]);
    return true;
  };

  const refill = async () => {
    while (!isPlanned && running.length < batchSize) {
      const { value, done } = await plan.next();
      if (done) {
        isPlanned = true;
        return;
      }
      const { task, sample } = value;
      const id = `${task.id}#${sample}`;
      if (skip(id)) continue;
      const state = environment.start({ task, tokenizer: policy });
      const episode = { index: started++, id, sample, state };
      if (!settle(episode)) running.push(episode);
    }
  };

  const takeTurns = async () => {
    const turns = await generateTurns({
      policy,
      temperature,
      topP,
      episodes: running.map(({ id, sample, state }) => ({
        id,
        state,
        random: random.split(state.task.id, sample, state.turn),
      })),
    });
    signal?.throwIfAborted();
    const states = await stepWritten(environment, turns, policy, signal);
    progress.policyTokens += turns.reduce((sum, { completion }) => sum + completion.tokenIds.length, 0);
    running = running.map((episode, index) => ({ ...episode, state: states[index] ?? episode.state }));
    running = running.filter((episode) => !settle(episode));
  };

  try {
    while (true) {
      signal?.throwIfAborted();
      await refill();
      if (running.length > 0) {
        await takeTurns();
        onProgress?.({ ...progress, running: running.length });
      }
      if (asTheyEnd) {
        for (const [index, trajectory] of finished) {
          finished.delete(index);
          yield trajectory;
        }
      }
      for (let next = finished.get(yielded); next !== undefined; next = finished.get(yielded)) {
        finished.delete(yielded);
        yielded += 1;
        yield next;
      }
      if (isPlanned && running.length === 0) return;
    }
  } finally {
    policy.release?.(running.map(({ id }) => id));
    await plan.return(undefined);
  }
}

/** All episodes of {@link streamEpisodes} in one list. @throws as streamEpisodes does. */
export async function runEpisodes(options: RunEpisodesOptions): Promise<Trajectory[]> {
  const trajectories: Trajectory[] = [];
  for await (const trajectory of streamEpisodes(options)) trajectories.push(trajectory);
  return trajectories;
}
