export { type GaeOptions, generalizedAdvantageEstimation, groupRelativeAdvantages, whiten } from './advantages.js';
export { failureGate, type Gate } from './failure-gate.js';
export type { Grid } from './grid.js';
export { applyKlPenalty, estimateKl, type KlEstimator, type KlPenalty, type KlPenaltyOptions } from './kl-penalty.js';
export { type LossResult, type PolicyLossOptions, policyLoss, type ValueLossOptions, valueLoss } from './losses.js';
