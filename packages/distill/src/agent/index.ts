export {
  type ChainOfThoughtTrajectoryOptions,
  chainOfThoughtTrajectory,
  readFinalAnswer,
} from './chain-of-thought-trajectory.js';
export {
  type ChainOfThought,
  type CollectChainsOfThoughtOptions,
  chainOfThoughtMessages,
  collectChainsOfThought,
  readChainsOfThought,
} from './collect-chains-of-thought.js';
export type {
  AgentCompletion,
  AgentEnvironment,
  AgentEpisode,
  AgentPolicy,
  AgentRequest,
  AgentTokenizer,
} from './episode.js';
export {
  createTeacherFilter,
  filterTeacherTrajectories,
  type TeacherFate,
  type TeacherFilter,
  type TeacherFilterOptions,
  type TeacherFilterStatistics,
} from './filter-teacher-trajectories.js';
export {
  checkPrefixLeaks,
  firstThoughtPrefix,
  firstThoughtPrefixes,
  type PrefixLeaks,
} from './first-thought-prefix.js';
export { type CandidateTurn, outcomeOf, referenceOutcomeOf } from './outcome-of.js';
export { replacePrompt } from './replace-prompt.js';
export {
  type SelfConsistencyCost,
  type SelfConsistentActionsOptions,
  type SelfConsistentPolicy,
  selfConsistentActions,
} from './self-consistent-actions.js';
export {
  createServerTextGenerator,
  type ServerTextGeneratorOptions,
  type TextGenerator,
  type TextRequest,
} from './server-text-generator.js';
export { type Vote, voteOnOutcomes } from './vote.js';
export {
  type FirstThoughtPrefixOptions,
  type PrefixedPolicy,
  separatePrefix,
  withFirstThoughtPrefix,
} from './with-first-thought-prefix.js';
