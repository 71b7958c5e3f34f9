import { ConfigError, type Outcome, type Segment } from '@dgpo/trajectory';
import type { ObservationFrame } from '../actions/action-format.js';
import type { EpisodeState, Turn } from '../environment.js';
import type { EpisodeTokenizer } from '../policy.js';
import { checkWhole } from './check-whole.js';

/** What a turn and an episode may take. */
export interface EpisodeLimits {
  maxTokensPerTurn: number;
  maxObservationTokens: number;
  /** A policy with a smaller limit sets its own. */
  maxContextTokens: number;
  /** Where a turn ends. */
  stop: readonly string[];
}

/** @throws ConfigError for a limit that is not a whole number of at least 1 */
export function checkLimits({ maxTokensPerTurn, maxObservationTokens, maxContextTokens }: EpisodeLimits): void {
  checkWhole('maxTokensPerTurn', maxTokensPerTurn, 1);
  checkWhole('maxObservationTokens', maxObservationTokens, 1);
  checkWhole('maxContextTokens', maxContextTokens, 1);
}

/** @throws ConfigError when no observation could ever fit, since what stands around it is too long */
export function checkFrame(options: {
  frame: ObservationFrame;
  limits: EpisodeLimits;
  tokenizer: EpisodeTokenizer;
}): void {
  const { frame, limits, tokenizer } = options;
  const tokens = tokenizer.encode(`${frame.prefix}${frame.suffix}`, { allowSpecial: true }).length;
  if (tokens <= limits.maxObservationTokens) return;
  throw new ConfigError(
    `${limits.maxObservationTokens} is too small: what stands around an observation alone takes ${tokens} tokens`,
    { where: 'maxObservationTokens' },
  );
}

type Room = { state: EpisodeState; limits: EpisodeLimits; tokenizer: EpisodeTokenizer };

/** Tokens that still fit into the context. */
function contextRoom({ state, limits, tokenizer }: Room): number {
  const { maxContextTokens } = limits;
  return (
    Math.min(maxContextTokens, tokenizer.maxContextTokens ?? maxContextTokens) -
    state.segments.reduce((tokens, { tokenIds = [] }) => tokens + tokenIds.length, 0)
  );
}

/** What any text may take that the policy is to react to: a whole turn must still fit after it. */
export function messageRoom(options: Room): number {
  return contextRoom(options) - options.limits.maxTokensPerTurn;
}

/** What an observation may take. */
export function observationRoom(options: Room): number {
  return Math.min(options.limits.maxObservationTokens, messageRoom(options));
}

/** The episode is over. */
export function endEpisode(state: EpisodeState, outcome: Outcome): EpisodeState {
  return { ...state, next: null, outcome };
}

/** The episode is over, and for nothing. */
export function endWithoutAnswer(
  state: EpisodeState,
  endedBy: 'turns' | 'length' | 'error',
  error?: string,
): EpisodeState {
  const reason = error === undefined ? {} : { error };
  return endEpisode(state, { correct: false, reward: 0, answer: null, endedBy, ...reason });
}

/** The policy's turn: over when the context is full. */
export function awaitTurn({ state, limits, tokenizer }: Room): EpisodeState {
  const maxTokens = Math.min(limits.maxTokensPerTurn, contextRoom({ state, limits, tokenizer }));
  return maxTokens < 1 ? endWithoutAnswer(state, 'length') : { ...state, next: { maxTokens, stop: [...limits.stop] } };
}

/** The state with what the policy wrote, exactly as sampled. */
export function takeTurn({ state, completion }: Turn): EpisodeState {
  const { tokenIds, logProbs, text } = completion;
  const segment: Segment = { kind: 'policy', text, tokenIds: [...tokenIds], logProbs: [...logProbs] };
  return { ...state, turn: state.turn + 1, segments: [...state.segments, segment] };
}

/** The policy's turn after an observation; null is one that did not fit. */
export function observe({
  state,
  observation,
  limits,
  tokenizer,
}: Room & { observation: Segment | null }): EpisodeState {
  return observation === null
    ? endWithoutAnswer(state, 'length')
    : awaitTurn({ state: { ...state, segments: [...state.segments, observation] }, limits, tokenizer });
}
