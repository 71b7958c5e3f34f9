import type { ReportTable, TableOptions } from '@dgpo/arc';
import type { Trajectory } from '@dgpo/trajectory';
import type { ModelEvaluation } from './evaluate-model.js';

/** What a model read and wrote. */
export interface CallCost {
  /** Turns or candidates of a turn that the model wrote. */
  calls: number;
  /** Tokens that were read for them, the whole context of every call. */
  promptTokens: number;
  /** Tokens written, those of candidates that lost included. */
  policyTokens: number;
}

/** What an evaluation took, over all sets. */
export interface EvaluationCost extends CallCost {
  questions: number;
}

/** What the model read and wrote in one episode whose turns were not voted on; episodes without token ids count calls alone. */
export function countCalls({ segments }: Pick<Trajectory, 'segments'>): CallCost {
  const cost = { calls: 0, promptTokens: 0, policyTokens: 0 };
  let context = 0;
  for (const { kind, tokenIds = [] } of segments) {
    if (kind === 'policy') {
      cost.calls += 1;
      cost.promptTokens += context;
      cost.policyTokens += tokenIds.length;
    }
    context += tokenIds.length;
  }
  return cost;
}

/** What it took to evaluate a model, voted on or not. */
export function evaluationCost({ sets }: ModelEvaluation): EvaluationCost {
  const sum: EvaluationCost = { questions: 0, calls: 0, promptTokens: 0, policyTokens: 0 };
  for (const { cost, trajectories } of sets) {
    sum.questions += trajectories.length;
    for (const { calls, promptTokens, policyTokens } of cost === undefined ? trajectories.map(countCalls) : [cost]) {
      sum.calls += calls;
      sum.promptTokens += promptTokens;
      sum.policyTokens += policyTokens;
    }
  }
  return sum;
}

/** A model with what its evaluation took. */
export interface CostRow {
  name: string;
  cost: EvaluationCost;
  /** Wall time of the evaluation. */
  seconds: number;
}

const headers = ['calls', 'tokens read', 'tokens written', 'seconds'];

const cellsOf = ({ cost, seconds }: CostRow): number[] =>
  [cost.calls, cost.promptTokens, cost.policyTokens, seconds].map((sum) => sum / Math.max(1, cost.questions));

const right = (header: string) => ({ header, align: 'right' as const });

/** Models down, for a terminal: what a question took on average. */
export const costTable = (rows: readonly CostRow[]): TableOptions => ({
  columns: ['per question', ...headers.map(right)],
  rows: rows.map((row) => [
    row.name,
    ...cellsOf(row).map((value, index) => value.toFixed(index === 0 ? 1 : index === 3 ? 2 : 0)),
  ]),
});

/** The same for the report. */
export const costReport = (rows: readonly CostRow[]): ReportTable => ({
  title: 'Cost of a question',
  columns: ['model', ...headers.map(right)],
  rows: rows.map((row) => [row.name, ...cellsOf(row)]),
  caption:
    'Calls of the model (every candidate of a turn is one), tokens of their contexts, tokens written, and wall time on this machine. Reading is counted whole, although a cache spares most of it.',
});
