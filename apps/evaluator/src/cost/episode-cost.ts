import { countCalls } from '@dgpo/trainer';
import type { Trajectory } from '@dgpo/trajectory';

/** What one episode took. Kept beside the episodes, one a line, these lines are all that a resumed evaluation needs of its cost. */
export interface EpisodeCost {
  /** The set or benchmark; with `id` it names the episode. */
  set: string;
  /** Id of the trajectory. */
  id: string;
  taskId: string;
  /** What the model ran on: an engine, or `endpoint` for one behind an API. */
  engine: string;
  /** Wall time that this episode added; episodes side by side share theirs, so sums are wall time. */
  seconds: number;
  /** Turns that the model wrote; with votes every candidate, as for the tokens. */
  modelCalls: number;
  /** Tokens read for them, the whole context of every call; null where the log keeps text alone. */
  promptTokens: number | null;
  /** Tokens that the model wrote; null where the log keeps text alone. */
  policyTokens: number | null;
  /** Searches that were carried out; with votes those of the turns that won. */
  searches: number;
  /** Whether a failing environment or endpoint broke the episode. */
  failed: boolean;
  /** High-water mark of the process's resident memory when the episode ended. */
  peakMemoryBytes: number;
}

/** What an episode shows of its own cost. */
export type CountedEpisodeCost = Pick<
  EpisodeCost,
  'id' | 'taskId' | 'modelCalls' | 'promptTokens' | 'policyTokens' | 'searches' | 'failed'
>;

/** Counts turns, tokens and searches of an episode. */
export function countEpisodeCost({ id, task, segments, actions, outcome }: Trajectory): CountedEpisodeCost {
  const areTokensKnown = segments.every(({ tokenIds, text }) => tokenIds !== undefined || text === '');
  const { calls, promptTokens, policyTokens } = countCalls({ segments });
  return {
    id,
    taskId: task.id,
    modelCalls: calls,
    promptTokens: areTokensKnown ? promptTokens : null,
    policyTokens: areTokensKnown ? policyTokens : null,
    searches: actions.filter(({ kind, executed }) => kind === 'search' && executed).length,
    failed: outcome.endedBy === 'error',
  };
}
