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
