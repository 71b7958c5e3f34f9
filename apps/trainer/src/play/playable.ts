import type { Environment, EpisodeState } from '@dgpo/envs';
import type { Task } from '@dgpo/trajectory';

/** An environment with what a person needs to play it in a terminal. */
export interface Playable {
  environment: Environment;
  /** In the order of `--task`. */
  tasks: readonly Task[];
  /** Commands of an episode; those that are not carried out count too. */
  maxTurns: number;
  /** Whether these lines are a whole command, where one may take several. @default one line is */
  isWhole?(lines: readonly string[]): boolean;
  /** What a policy would write for a command that a person types. */
  write(command: string, state: EpisodeState): string;
  /** An observation without what stands around it for a policy. */
  read(observation: string): string;
  /** What could be typed now. */
  admissible(state: EpisodeState): string[];
  /** What the expert would type now. */
  expert(state: EpisodeState): string;
  /** Ends what it has started. */
  close?(): Promise<void>;
}

export interface OpenPlayableOptions {
  /** Of the tasks. */
  seed: number;
}

/** Limits for people, who are not short of context. */
export const roomy = { maxTokensPerTurn: 100_000, maxObservationTokens: 100_000, maxContextTokens: 100_000_000 };

/** What is said to a line that is no command. */
export const notUnderstood = '\nThat is no command here; ? lists what there is, q leaves.\n';

/** A line as an action of the format `react`, and back. */
export const asAction = (line: string) => `Action: ${line}`;
export const withoutLabel = (observation: string) => observation.replace(/^\s*Observation:/, '').trim();
