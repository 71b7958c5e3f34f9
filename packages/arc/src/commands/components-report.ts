import type { ComponentComparison } from '../components/compare-components.js';
import type { ComponentScores } from '../components/component-rows.js';
import { componentComparisonTable, componentTable } from '../components/component-tables.js';
import type { ReportOptions } from '../report/report-options.js';

/** What `dgpo-arc components` measured. */
export interface ComponentsResult {
  model: string;
  questions: string;
  scores: ComponentScores;
  thinkingEffect: ComponentComparison[];
  comparison: ComponentComparison[] | null;
  bootstrapSamples: number;
  seed: number;
}

/** The page of it: a radar where there are three corners, else bars, and the tables. */
export function componentsReport(result: ComponentsResult): ReportOptions {
  const { model, questions, scores, thinkingEffect, comparison, bootstrapSamples, seed } = result;
  const { sourceReferencing, thinking, queryRewriting } = scores;
  const corners = [
    { label: 'source referencing', figure: sourceReferencing?.exactMatch },
    { label: 'thinking', figure: thinking?.exactMatch },
    { label: 'query rewriting, first query', figure: queryRewriting?.firstQueryAnswerHit },
    { label: 'query rewriting, any query', figure: queryRewriting?.anyQueryAnswerHit },
  ].flatMap(({ label, figure }) => (figure === undefined || figure.count === 0 ? [] : [{ label, figure }]));
  const labels = corners.map(({ label }) => label);
  const caption =
    'Exact match from gold passages, at once and after reasoning; share of questions of which a query found a golden answer.';
  return {
    title: `Agentic RAG capabilities of ${model}`,
    subtitle: `On ${questions}.`,
    ...(corners.length < 3
      ? {}
      : {
          radar: {
            ...{ title: 'Capabilities', axes: labels, caption },
            series: [{ name: model, values: corners.map(({ figure }) => figure.mean) }],
          },
        }),
    bars: [
      {
        ...{ title: 'With intervals', categories: labels, max: 1, caption },
        series: [{ name: model, values: corners.map(({ figure }) => figure) }],
      },
    ],
    tables: [
      {
        title: 'Components',
        ...componentTable(scores),
        caption: `Means with 95 % percentile bootstrap intervals over questions (${bootstrapSamples} resamples, seed ${seed}).`,
      },
      ...(thinkingEffect.length === 0
        ? []
        : [{ title: 'With thoughts against without', ...componentComparisonTable(thinkingEffect) }]),
      ...(comparison === null ? [] : [{ title: 'Against the baseline', ...componentComparisonTable(comparison) }]),
    ],
    notes: [
      'Source referencing: the gold passages are given and the answer is asked for at once. Thinking: the same after reasoning. Query rewriting: a golden answer stands as whole words in a passage that a query of the model found.',
    ],
  };
}
