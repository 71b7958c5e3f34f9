import {
  comparisonTable,
  type EpisodeComparison,
  formatProbability,
  measureDescriptions,
  type ReportBars,
  type ReportTable,
  renderReport,
  scoreTrajectories,
} from '@dgpo/arc';
import { disagreements } from '@dgpo/trainer';
import type { ComparedModel, EvaluationComparison } from './compare-evaluations.js';
import { costComparisonTable } from './cost/cost-table.js';

export interface ComparisonReportOptions {
  comparison: EvaluationComparison;
  baseline: ComparedModel;
  candidate: ComparedModel;
  /** Questions to show from each set, both episodes side by side. @default 10 */
  transcripts?: number;
  /** Of the resampling. @default 0 */
  seed?: number;
  /** Resamples of the intervals. @default 1000 */
  bootstrapSamples?: number;
}

const equation = (value: number) => (value < 0.001 ? formatProbability(value) : `= ${formatProbability(value)}`);

/** What a table of differences leaves unsaid, a sentence each. */
export function describeComparison(comparison: EpisodeComparison): string[] {
  const { sharedTasks, baselineOnlyTasks, candidateOnlyTasks, mcnemar } = comparison;
  const leftOut = baselineOnlyTasks + candidateOnlyTasks;
  return [
    `${sharedTasks} shared questions${leftOut === 0 ? '' : `, ${leftOut} of one model alone left out`}.`,
    mcnemar === null
      ? 'No McNemar test: some questions were sampled more than once.'
      : `Exact match, McNemar: ${mcnemar.candidateOnly} right only in the candidate, ${mcnemar.baselineOnly} only in the baseline, p ${equation(mcnemar.pValue)}.`,
  ];
}

/** The sets of a comparison, and behind them what they come to together where there are several. */
export const comparedParts = ({ sets, overall }: EvaluationComparison) => [
  ...sets,
  ...(overall === null ? [] : [{ name: 'all sets, each with the same weight', ...overall }]),
];

/** What makes a comparison say more than which model is better. */
const describeDifferences = ({ differences }: EvaluationComparison): string[] =>
  differences.length === 0 ? [] : [`Not the model alone differs: ${differences.join('; ')}.`];

const shown = ['exactMatch', 'firstQueryAnswerHit', 'anyQueryAnswerHit', 'validActionRate'] as const;

function bars(name: string, options: ComparisonReportOptions): ReportBars {
  const { bootstrapSamples = 1000, seed = 0 } = options;
  const series = [options.baseline, options.candidate].map(({ model, sets }) => {
    const episodes = sets.find((set) => set.name === name)?.trajectories ?? [];
    const { figures } = scoreTrajectories(episodes, { bootstrapSamples, seed }).overall;
    return { name: model, values: shown.map((measure) => figures[measure]) };
  });
  return {
    title: `Each model on ${name}`,
    categories: shown.map((measure) => measureDescriptions[measure].label),
    series,
    max: 1,
  };
}

/** A comparison as one HTML page: differences, bars, and the episodes on which the two models differ, side by side. */
export function renderComparisonReport(options: ComparisonReportOptions): string {
  const { comparison, baseline, candidate, transcripts = 10 } = options;
  return renderReport({
    title: `${comparison.candidate} against ${comparison.baseline}`,
    subtitle: `Baseline ${comparison.baseline}, candidate ${comparison.candidate}; differences are candidate minus baseline.`,
    highlights: comparedParts(comparison).map(({ name, comparison: { measures } }) => {
      const { difference } = measures.exactMatch;
      const points = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)}`;
      return {
        label: `Exact match on ${name}`,
        value: difference.count === 0 ? '–' : `${points(difference.mean)} points`,
        ...(difference.count === 0 ? {} : { note: `95 %: ${points(difference.low)} to ${points(difference.high)}` }),
      };
    }),
    tables: comparedParts(comparison).flatMap((part): ReportTable[] => [
      {
        title: `Differences on ${part.name}`,
        ...comparisonTable(part.comparison),
        caption: describeComparison(part.comparison).join(' '),
      },
      {
        title: `Cost of a question on ${part.name}`,
        ...costComparisonTable(part.cost),
        caption: `Measured on ${part.cost.baseline.engine} (baseline) and ${part.cost.candidate.engine} (candidate).`,
      },
    ]),
    bars: comparison.sets.map(({ name }) => bars(name, options)),
    comparisons: comparison.sets
      .flatMap(({ name }) =>
        disagreements({
          sides: [baseline, candidate].map(({ model, sets }) => ({
            label: model,
            trajectories: sets.find((set) => set.name === name)?.trajectories ?? [],
          })),
          count: transcripts,
        }),
      )
      .map((item, index) => ({ ...item, open: index === 0 })),
    notes: [
      ...describeDifferences(comparison),
      'Differences have paired 95 % bootstrap intervals over questions; p is that of a two-sided paired permutation test.',
      'Side by side stand questions that one of the models alone gets right, gains and losses in turn, then those that both get wrong in different ways: they show how the models differ, not how often.',
    ],
  });
}
