export { applyKlPenalty, type KlPenalty, type KlPenaltyOptions } from './apply-kl-penalty.js';
export { type CispoLossOptions, cispoLoss } from './cispo-loss.js';
export {
  type CollapseAction,
  type CollapseGuard,
  type CollapseGuardOptions,
  type CollapseMetrics,
  type CollapseThresholds,
  type CollapseVerdict,
  createCollapseGuard,
} from './collapse-guard.js';
export { type EntropyBonusOptions, entropyBonus } from './entropy-bonus.js';
export { type EstimateKlOptions, estimateKl } from './estimate-kl.js';
export { type ExactKl, type ExactKlOptions, exactKl } from './exact-kl.js';
export { type FailureGateOptions, failureGate, type Gate } from './failure-gate.js';
export { type GateMetricsOptions, gateMetrics } from './gate-metrics.js';
export { gateWeights } from './gate-weights.js';
export { type GaeOptions, generalizedAdvantageEstimation } from './generalized-advantage-estimation.js';
export type { Grid } from './grid.js';
export { type GroupRelativeAdvantagesOptions, groupRelativeAdvantages } from './group-relative-advantages.js';
export { type GspoLossOptions, gspoLoss } from './gspo-loss.js';
export {
  type InformativeGroups,
  type InformativeGroupsOptions,
  informativeGroups,
  type UninformativeGroup,
} from './informative-groups.js';
export { createKlController, type KlController, type KlControllerOptions } from './kl-controller.js';
export { checkKlForm, type KlForm, type KlFormGradient, klFormGradient } from './kl-form.js';
export { type KlLossOptions, klLoss } from './kl-loss.js';
export { type LldsLossOptions, lldsLoss } from './llds-loss.js';
export type { LossResult } from './loss-result.js';
export { maskTruncated, type SoftOverlongPunishmentOptions, softOverlongPunishment } from './overlong.js';
export { type PolicyLossOptions, policyLoss } from './policy-loss.js';
export {
  type ReinforcePlusPlusBaselineOptions,
  type ReinforcePlusPlusOptions,
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
} from './reinforce-plus-plus.js';
export { type RemaxAdvantagesOptions, remaxAdvantages } from './remax-advantages.js';
export { type RlooAdvantagesOptions, rlooAdvantages } from './rloo-advantages.js';
export {
  type SamplerCorrection,
  type SamplerCorrectionMetrics,
  type SamplerCorrectionOptions,
  samplerCorrection,
} from './sampler-correction.js';
export { actionSegments } from './segments.js';
export { tokenAdvantages } from './token-advantages.js';
export { type KlDirection, type KlEstimator, type TokenKl, type TokenKlOptions, tokenKl } from './token-kl.js';
export { type Aggregation, type TokenWeightsOptions, tokenWeights } from './token-weights.js';
export { type TopKDivergenceOptions, topKDivergence } from './top-k-divergence.js';
export { type TopKKl, type TopKKlOptions, topKKl } from './top-k-kl.js';
export { type ValueLossOptions, valueLoss } from './value-loss.js';
export { whiten } from './whiten.js';
