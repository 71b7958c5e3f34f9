export {
  type ComparedModel,
  type CompareEvaluationsOptions,
  compareEvaluations,
  type EvaluationComparison,
} from './compare-evaluations.js';
export { type ComparisonReportOptions, renderComparisonReport } from './comparison-report.js';
export {
  type CheckpointEvaluation,
  type EvaluateCheckpointOptions,
  evaluateCheckpoint,
} from './evaluate-checkpoint.js';
export {
  type RunDirectoryReport,
  type RunDirectoryReportOptions,
  writeRunDirectoryReport,
} from './run-directory-report.js';
