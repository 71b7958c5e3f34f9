import { causeDescriptions, causeNames } from '../diagnostics/cause.js';
import { formatMean, formatRange } from '../format-number.js';
import { accuracyBySearches, searchesRowOf } from '../measures/accuracy-by-searches.js';
import { measureDescriptions } from '../measures/measure-descriptions.js';
import { scoreTable } from '../measures/measure-table.js';
import type { EpisodeMeasures, MeasureName } from '../measures/measure-trajectory.js';
import type { ScoreGroup, ScoreSummary } from '../measures/summarize-measures.js';
import type {
  BreakdownRow,
  ReportBreakdown,
  ReportHighlight,
  ReportOptions,
  ReportRadar,
} from '../report/report-options.js';
import { causeBreakdown } from './cause-breakdown.js';
import { anchorOf, linksTo } from './example-links.js';
import type { ExampleEpisode } from './examples.js';

interface ScoreReportOptions {
  /** Of the log. */
  name: string;
  summary: ScoreSummary;
  /** Whole episodes to show and to link to. */
  examples: readonly ExampleEpisode[];
}

/** Groups that a radar can hold and stay readable. */
const maximumSeries = 5;
/** From this many searches on, episodes are shown together. */
const manySearches = 5;

/** What logs alone can tell of each capability; a share of 1 is best. */
const capabilities = [
  { axis: 'query rewriting: first query hits', measure: 'firstQueryAnswerHit', isLoss: false },
  { axis: 'query rewriting: any query hits', measure: 'anyQueryAnswerHit', isLoss: false },
  { axis: 'source referencing: evidence used', measure: 'evidenceUnused', isLoss: true },
  { axis: 'source referencing: answer in a passage', measure: 'unsupportedAnswer', isLoss: true },
  { axis: 'thinking: no redundant query', measure: 'redundantQueryRate', isLoss: true },
  { axis: 'thinking: valid actions', measure: 'validActionRate', isLoss: false },
] as const satisfies readonly { axis: string; measure: MeasureName; isLoss: boolean }[];

/** The page of `dgpo-arc score`: every figure beside links to episodes that show it. */
export function scoreReport({ name, summary, examples }: ScoreReportOptions): ReportOptions {
  const { overall, bootstrapSamples, seed } = summary;
  const radar = capabilityRadar(summary);
  const breakdowns = [
    searchBreakdown(summary, examples),
    causeBreakdown({ title: 'Why episodes failed', group: overall, examples }),
    figureBreakdown(summary, examples),
  ];
  return {
    title: `Agentic RAG capabilities: ${name}`,
    subtitle: `${overall.episodes} episodes of ${overall.tasks} questions.`,
    highlights: highlightsOf(overall),
    ...(radar === null ? {} : { radar }),
    breakdowns: breakdowns.filter(({ rows }) => rows.length > 0),
    lead: 'charts',
    tables: [
      {
        title: 'Measures',
        ...scoreTable(summary),
        caption: `Means with 95 % percentile bootstrap intervals over questions (${bootstrapSamples} resamples, seed ${seed}). Causes are shares of the failed episodes.`,
      },
    ],
    transcripts: examples.map(({ trajectory, measures: { cause } }, index) => ({
      label: [
        trajectory.policy ?? trajectory.id,
        ...(cause === null ? [] : [causeDescriptions[cause.name].label]),
      ].join(' · '),
      trajectory,
      anchor: anchorOf(index),
      open: index === 0,
      facts:
        cause === null
          ? []
          : [{ name: 'cause', value: `${causeDescriptions[cause.name].label}. ${cause.explanation}` }],
    })),
    notes: [
      'Answers, searches and hits are read from the structured actions of each episode, never from tags in the text.',
      'A hit by answer is a golden answer as whole words in a retrieved passage; a short or common answer may be there by chance. A hit by source is a passage with a supporting title.',
      'Each failed episode has one cause, the first of a fixed list of rules that applies; a reader named another one for about one episode of six.',
      'The radar holds what logs alone can tell. Thinking and source referencing proper need the model: see the ARC components.',
    ],
  };
}

function highlightsOf({ figures, failed, causes }: ScoreGroup): ReportHighlight[] {
  const shown = (['exactMatch', 'anyQueryAnswerHit', 'executedSearches'] as const).filter(
    (measure) => figures[measure].count > 0,
  );
  const [first, ...others] = causeNames;
  const most = others.reduce<(typeof causeNames)[number]>(
    (best, name) => (causes[name].episodes > causes[best].episodes ? name : best),
    first,
  );
  return [
    ...shown.map((measure) => ({
      label: measureDescriptions[measure].label,
      value: formatMean(figures[measure]),
      note: formatRange(figures[measure]),
    })),
    ...(failed === 0
      ? []
      : [
          { label: 'failed episodes', value: String(failed) },
          {
            label: 'most frequent cause',
            value: causeDescriptions[most].label,
            note: `${causes[most].episodes} of ${failed}`,
          },
        ]),
  ];
}

function capabilityRadar({ overall, groups }: ScoreSummary): ReportRadar | null {
  const axes = capabilities.filter(({ measure }) => overall.figures[measure].count > 0);
  if (axes.length < 3) return null;
  const parts = Object.entries(groups);
  const series = parts.length > 0 && parts.length <= maximumSeries ? parts : [['all', overall] as const];
  return {
    title: 'Capabilities',
    axes: axes.map(({ axis }) => axis),
    series: series.map(([name, { figures }]) => ({
      name,
      values: axes.map(({ measure, isLoss }) => (isLoss ? 1 - figures[measure].mean : figures[measure].mean)),
    })),
    caption: 'Shares from 0 in the middle to 1 at the rim, of the episodes to which each applies.',
  };
}

/** Accuracy by the number of executed searches. */
function searchBreakdown(summary: ScoreSummary, examples: readonly ExampleEpisode[]): ReportBreakdown {
  const { episodes, overall, bootstrapSamples, confidence, seed } = summary;
  const measure = overall.figures.exactMatch.count > 0 ? 'exactMatch' : 'correct';
  const rows = accuracyBySearches({ episodes, measure, orMore: manySearches, bootstrapSamples, confidence, seed }).map(
    ({ searches, isOrMore, members, accuracy }): BreakdownRow => {
      const isShown = (wanted: number) => (episode: EpisodeMeasures) =>
        searchesRowOf(episode, manySearches) === searches && episode[measure] === wanted;
      const linkTo = (wanted: number) => linksTo(examples, isShown(wanted)).slice(0, 1);
      return {
        label: `${searches}${isOrMore ? ' or more' : ''} ${searches === 1 ? 'search' : 'searches'}`,
        value: accuracy,
        episodes: members.length,
        examples: [...linkTo(1), ...linkTo(0)],
      };
    },
  );
  return {
    title: 'Searches against accuracy',
    rows,
    caption: `The share with ${measureDescriptions[measure].label} among episodes with so many executed searches; one right and one wrong episode each, where there are any. Hard questions need more searches, so this is no effect of searching.`,
  };
}

/** The remaining shares with the episodes that make them. */
function figureBreakdown({ overall, episodes }: ScoreSummary, examples: readonly ExampleEpisode[]): ReportBreakdown {
  const names = [
    'exactMatch',
    'anyQueryAnswerHit',
    'evidenceUnused',
    'unsupportedAnswer',
    'answeredWithoutSearch',
    'repeatedQueryRate',
    'redundantQueryRate',
  ] as const;
  return {
    title: 'Behind the figures',
    rows: names
      .filter((name) => overall.figures[name].count > 0)
      .map((name) => {
        const holds = (measures: EpisodeMeasures) => (measures[name] ?? 0) > 0;
        return {
          label: measureDescriptions[name].label,
          value: overall.figures[name],
          episodes: episodes.filter(holds).length,
          examples: linksTo(examples, holds),
        };
      }),
    caption: 'Means with the number of episodes in which each is above 0.',
  };
}
