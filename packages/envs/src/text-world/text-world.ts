import type { PlainData, Task } from '@dgpo/trajectory';

export type { PlainData };

/** How an episode of a world has ended. */
export interface WorldResult {
  /** Decided by the world. */
  correct: boolean;
  /** From 0 to 1. */
  reward: number;
}

/** What a command did. */
export interface WorldStep<State> {
  state: State;
  /** What is read next. */
  observation: string;
  /** False where the world does not know the command or cannot carry it out; the step counts all the same. */
  executed: boolean;
  /** Null while the episode goes on. */
  result: WorldResult | null;
}

/**
 * A world that is played by lines of text, such as a household or a shop. States are plain data and never changed in place, so that an
 * episode can be stored, forked and replayed.
 */
export interface TextWorld<State extends PlainData = PlainData> {
  readonly name: string;
  /** What can be done, for the prompt. */
  readonly instructions: string;
  /**
   * `instructions` are those of a task whose commands are spelled otherwise than the world's `instructions` say.
   * @throws DatasetError for a task that is not of this world
   */
  start(task: Task): { state: State; observation: string; instructions?: string };
  /** Never throws for a command, whatever it says. */
  step(state: State, command: string): WorldStep<State>;
  /** Commands that would be carried out now, sorted. */
  admissibleCommands(state: State): string[];
  /** What a perfect player does next; playing it to the end gives reward 1. */
  expert(state: State): string;
}
