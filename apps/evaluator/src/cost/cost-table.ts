import { formatNumber, type TableOptions } from '@dgpo/arc';
import type { CostReport, EvaluationCost } from './evaluation-cost.js';

/** Rows of the tables of costs: what a question took, so that evaluations of different sizes compare. */
export const costRows: readonly {
  label: string;
  /** Head of a column of a leaderboard; absent of what is left out there. */
  column?: string;
  /** Null where it is not known. */
  amountOf: (cost: EvaluationCost) => number | null;
}[] = [
  { label: 'seconds', column: 's/question', amountOf: (cost) => cost.secondsPerQuestion },
  { label: 'tokens written', column: 'tokens/question', amountOf: (cost) => perQuestion(cost, cost.policyTokens) },
  { label: 'tokens read', amountOf: (cost) => perQuestion(cost, cost.promptTokens) },
  { label: 'model calls', amountOf: (cost) => perQuestion(cost, cost.modelCalls) },
  { label: 'searches', column: 'searches/question', amountOf: (cost) => perQuestion(cost, cost.searches) },
  { label: 'tokens written per second', column: 'tokens/s', amountOf: (cost) => cost.tokensPerSecond },
  { label: 'peak memory, MiB', column: 'peak MiB', amountOf: (cost) => cost.peakMemoryBytes / 2 ** 20 },
  { label: 'failed episodes', amountOf: (cost) => cost.errors },
];

const perQuestion = ({ questions }: EvaluationCost, value: number | null) =>
  value === null || questions === 0 ? null : value / questions;

/** What a question of each set took, and of all together. */
export function costTable({ overall, sets }: CostReport): TableOptions {
  const columns = [...sets, ...(sets.length === 1 ? [] : [{ name: 'all', cost: overall }])];
  return {
    columns: ['cost of a question', ...columns.map(({ name }) => ({ header: name, align: 'right' as const }))],
    rows: costRows.map(({ label, amountOf }) => [
      label,
      ...columns.map(({ cost }) => {
        const value = amountOf(cost);
        return value === null ? null : formatNumber(value);
      }),
    ]),
  };
}

/** What a question took two models, with the difference and how many times as much it is. */
export function costComparisonTable({
  baseline,
  candidate,
}: Record<'baseline' | 'candidate', EvaluationCost>): TableOptions {
  const right = (header: string) => ({ header, align: 'right' as const });
  return {
    columns: ['cost of a question', ...['baseline', 'candidate', 'difference', 'ratio'].map(right)],
    rows: costRows.map(({ label, amountOf }) => {
      const [before, after] = [amountOf(baseline) ?? Number.NaN, amountOf(candidate) ?? Number.NaN];
      const numbers = [before, after, after - before, before === 0 ? Number.NaN : after / before];
      return [label, ...numbers.map(formatNumber)];
    }),
  };
}

/** Under which conditions the costs were measured, in one sentence. */
export function describeCost({ engine, threads, seconds, episodes }: EvaluationCost): string {
  const workers = threads === undefined || threads === 1 ? '' : `, ${threads} side by side`;
  return `Cost measured on ${engine}${workers}: ${episodes} episodes in ${formatNumber(seconds)} s of wall time; peak memory is the whole process.`;
}
