export {
  type AdaptiveSchedule,
  type AdaptiveScheduleOptions,
  type AdaptiveScheduleState,
  type BatchSource,
  createAdaptiveSchedule,
} from './adaptive-schedule.js';
export { type ChooseOnPolicyOptions, chooseOnPolicy } from './choose-on-policy.js';
export { type ColdStartLoss, type ColdStartLossOptions, coldStartLoss } from './cold-start-loss.js';
export {
  type CollectTeacherOutputsOptions,
  collectTeacherOutputs,
  type RunTeacherOptions,
} from './collect-teacher-outputs.js';
export { type DivergenceOptions, divergence } from './divergence.js';
export type { DivergenceName } from './divergence-terms.js';
export {
  type CollectionStatistics,
  type CorrectFilter,
  type CorrectFilterOptions,
  createCorrectFilter,
  type KeepCorrectOptions,
  keepCorrect,
} from './keep-correct.js';
export {
  type PackedTrajectories,
  type PackTrajectoriesOptions,
  packTrajectories,
  type TokenGrid,
} from './pack-trajectories.js';
export { createReplayBuffer, type ReplayBuffer, type ReplayBufferOptions } from './replay-buffer.js';
export {
  type ReverseKlAdvantages,
  type ReverseKlAdvantagesOptions,
  reverseKlAdvantages,
} from './reverse-kl-advantages.js';
export {
  type TaidDivergence,
  type TaidDivergenceOptions,
  type TaidLoss,
  type TaidLossOptions,
  taidDivergence,
  taidLoss,
} from './taid-loss.js';
export {
  createTaidSchedule,
  type TaidSchedule,
  type TaidScheduleOptions,
  type TaidScheduleState,
} from './taid-schedule.js';
