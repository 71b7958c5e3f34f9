export type {
  AgentCompletion,
  AgentEnvironment,
  AgentEpisode,
  AgentPolicy,
  AgentRequest,
  AgentTokenizer,
} from './episode.js';
export { type CandidateTurn, outcomeOf, referenceOutcomeOf } from './outcome-of.js';
export {
  type SelfConsistencyCost,
  type SelfConsistentActionsOptions,
  type SelfConsistentPolicy,
  selfConsistentActions,
} from './self-consistent-actions.js';
export { type Vote, voteOnOutcomes } from './vote.js';
