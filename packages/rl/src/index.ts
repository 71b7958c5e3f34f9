export { applyKlPenalty, type KlPenalty, type KlPenaltyOptions } from './apply-kl-penalty.js';
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
export { createKlController, type KlController, type KlControllerOptions } from './kl-controller.js';
export { checkKlForm, type KlForm, type KlFormGradient, klFormGradient } from './kl-form.js';
export { type KlLossOptions, klLoss } from './kl-loss.js';
export type { LossResult } from './loss-result.js';
export { type PolicyLossOptions, policyLoss } from './policy-loss.js';
export { type KlDirection, type KlEstimator, type TokenKl, type TokenKlOptions, tokenKl } from './token-kl.js';
export { type Aggregation, type TokenWeightsOptions, tokenWeights } from './token-weights.js';
export { type TopKKl, type TopKKlOptions, topKKl } from './top-k-kl.js';
export { type ValueLossOptions, valueLoss } from './value-loss.js';
export { whiten } from './whiten.js';
