import type { Action, Outcome, Segment, Task } from '@dgpo/trajectory';
import type { EpisodeTokenizer, GenerateResult } from './policy.js';
import type { PlainData } from './text-world/text-world.js';

/** An episode in progress: plain data that survives JSON. */
export interface EpisodeState {
  task: Task;
  /** Turns that the policy has taken. */
  turn: number;
  segments: Segment[];
  actions: Action[];
  /** Where the environment's world stands, for environments whose world is more than the actions taken so far; their own business. */
  world?: PlainData;
  /** What the policy may write next; null when the episode is over. */
  next: { maxTokens: number; stop: string[] } | null;
  /** Null until the episode is over. */
  outcome: Outcome | null;
}

/** What the policy wrote in one episode's turn. */
export interface Turn {
  state: EpisodeState;
  completion: GenerateResult;
}

/**
 * A world that a policy acts in. It owns the prompt, the meaning of actions, observations, reward and correctness; the loop
 * ({@link runEpisodes}) is the same for all of them, and for collecting, training, evaluating and serving.
 */
export interface Environment {
  readonly name: string;
  /** The first state: the prompt, encoded. */
  start(options: { task: Task; tokenizer: EpisodeTokenizer }): EpisodeState;
  /**
   * The next state of each turn, in order, without changing the given ones. Whatever the policy wrote is data: nothing here throws
   * for it, and a failure of the world itself ends its episodes with `outcome.endedBy: 'error'`. Only an aborted signal throws.
   */
  step(options: {
    turns: readonly Turn[];
    tokenizer: EpisodeTokenizer;
    signal?: AbortSignal | undefined;
  }): Promise<EpisodeState[]>;
  /** What a perfect policy writes next; playing it to the end scores 1. */
  oracle?(state: EpisodeState): string;
}

/** The token ids of an episode so far: what the policy sees. */
export function contextTokenIds(state: Pick<EpisodeState, 'segments'>): number[] {
  // Concatenation copies blocks; flatMap would walk every token, in every turn of every episode.
  return ([] as number[]).concat(...state.segments.map((segment) => segment.tokenIds ?? []));
}
