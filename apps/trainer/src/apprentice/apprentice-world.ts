import type { Environment, EpisodeState } from '@dgpo/envs';
import type { Task } from '@dgpo/trajectory';
import type { HouseholdSettings, WebshopSettings } from '../compute/environment-settings.js';

/** Which tasks: those of `unseen` have rooms or products that `train` has not. */
export interface ApprenticeTasksOptions {
  split: 'train' | 'unseen';
  count: number;
  seed: number;
}

export interface CreateApprenticesOptions {
  /** Multiplies the limits of tokens, which are made for a vocabulary of words: 8 lets episodes end as they should in bytes. @default 1 */
  limitScale?: number;
}

/** What an apprentice writes in a turn. */
export interface ApprenticeTurn {
  /** In so few words that a small model can say after each observation what it looks for, and whether it is there. */
  thought: string;
  command: string;
}

/** A world with apprentices: players of whom each lacks some skills, and hints that make up for it. */
export interface ApprenticeWorld<Skill extends string = string> {
  readonly name: 'household' | 'webshop';
  /** Episodes and prompts as the models see them, hints of the task included. */
  readonly environment: Environment;
  /** Hints, each with the skills that it calls for. */
  readonly hints: Readonly<Record<string, readonly Skill[]>>;
  /** Pieces of its vocabulary besides the bytes. */
  readonly vocabularyPieces: number;
  /** The rules that a recipe gives for the same episodes. */
  readonly settings: HouseholdSettings | WebshopSettings;
  tasks(options: ApprenticeTasksOptions): Task[];
  /**
   * How likely an apprentice of this kind of task has a skill of its own accord: below a half, a greedy model that was told nothing does
   * without.
   */
  strengthsFor(task: Task): Readonly<Record<Skill, number>>;
  /** The skills without which a task is as good as lost. */
  neededFor(task: Task): readonly Skill[];
  turn(episode: EpisodeState, skills: ReadonlySet<Skill>): ApprenticeTurn;
}
