import type { CostReport } from '../cost/evaluation-cost.js';
import type { CorpusFacts } from '../retrieval/search-source.js';
import type { Evaluation } from './score-set.js';

/** An evaluation with all that belongs into its results. */
export interface FinishedEvaluation {
  /** Name of the model. */
  model: string;
  evaluation: Evaluation;
  /** Whatever the figures depend on, as plain data. */
  settings: Record<string, unknown>;
  /** What playing the questions took; source referencing and thinking are apart from that, and not in it. */
  cost: CostReport;
  /** What was searched. */
  corpus?: CorpusFacts;
}
