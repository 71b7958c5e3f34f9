import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Figure,
  measureDescriptions,
  type ReportBars,
  type ReportComparison,
  type ReportHighlight,
  type ReportRadar,
  type ReportTable,
  type ReportTranscript,
  renderReport,
  type ScoreGroup,
  type TableColumn,
} from '@dgpo/arc';
import { DatasetError } from '@dgpo/trajectory';
import { nodeFileSystem, replaceFile } from '../run/file-system.js';
import { arePlayed, playLegend, playReport } from './play-tables.js';
import { pooledMean, type RunReportResult, type RunReportSet, setsOf } from './results-table.js';
import { trainingCurves } from './training-curves.js';

export interface RunReportOptions {
  title: string;
  subtitle?: string;
  /** The models, in the order of rows and colours. */
  results: readonly RunReportResult[];
  /** `metrics.jsonl` of the run, for the curves. */
  metricsPath?: string;
  /** Episodes to show; those of the same question stand side by side. @default none */
  transcripts?: readonly ReportTranscript[];
  /** Further tables, after those of the measures. @default none */
  tables?: readonly ReportTable[];
  /** Numbers to show large at the top. @default none */
  highlights?: readonly ReportHighlight[];
  /** Paragraphs at the end, after what the measures mean. @default none */
  notes?: readonly string[];
}

const right = (header: string): TableColumn => ({ header, align: 'right' });

type Reading = 'sourceReferencing' | 'thinking';

const readingOf = (set: RunReportSet | undefined, component: Reading): Figure | null =>
  set?.arc?.[component].exactMatch ?? null;

/** Exact match of every model on every set and group. */
function exactMatchTable(results: readonly RunReportResult[]): ReportTable {
  const sets = setsOf(results);
  const baselines = sets.flatMap(({ name }) => {
    const found = results.flatMap((result) => result.sets).find((set) => set.name === name)?.baseline;
    return found === undefined ? [] : [`${(100 * found.exactMatch).toFixed(1)} % on ${name}`];
  });
  const hasSeconds = results.some(({ seconds }) => seconds !== undefined);
  return {
    title: 'Exact match',
    columns: [
      'model',
      ...sets.flatMap(({ name, groups }) => [right(name), ...groups.map((group) => right(`${name}, ${group}`))]),
      ...(hasSeconds ? [right('seconds of training')] : []),
    ],
    rows: results.map((result) => [
      result.name,
      ...sets.flatMap(({ name, groups }) => {
        const summary = result.sets.find((set) => set.name === name)?.summary;
        const parts = [summary?.overall, ...groups.map((group) => summary?.groups[group])];
        return parts.map((part) => part?.figures.exactMatch ?? null);
      }),
      ...(hasSeconds ? [result.seconds === undefined ? null : Math.round(result.seconds)] : []),
    ]),
    caption: [
      'Means with 95 % bootstrap intervals over questions.',
      ...(baselines.length > 0
        ? [`Guessing the most frequent answer of each type of question would score ${baselines.join(', ')}.`]
        : []),
    ].join(' '),
  };
}

const behaviour = [
  'firstQueryAnswerHit',
  'anyQueryAnswerHit',
  'titleRecall',
  'executedSearches',
  'validActionRate',
  'answered',
  'policyTokens',
] as const;

/** ARC components and behaviour of every model on one set. */
function componentTable(results: readonly RunReportResult[], name: string): ReportTable {
  const sets = results.map((result) => result.sets.find((set) => set.name === name));
  const hasReading = sets.some((set) => set?.arc !== undefined);
  return {
    title: `Capabilities on ${name}`,
    columns: [
      'model',
      ...(hasReading ? ['source referencing', 'thinking'].map(right) : []),
      ...behaviour.map((measure) => right(measureDescriptions[measure].label)),
    ],
    rows: results.map((result, index) => {
      const set = sets[index];
      const reading = (['sourceReferencing', 'thinking'] as const).map((component) => readingOf(set, component));
      return [
        result.name,
        ...(hasReading ? reading : []),
        ...behaviour.map((measure) => set?.summary.overall.figures[measure] ?? null),
      ];
    }),
  };
}

/** Exact match on one set, all of it and by group. */
function exactMatchBars(results: readonly RunReportResult[], name: string, groups: readonly string[]): ReportBars {
  return {
    title: `Exact match on ${name}`,
    categories: ['all', ...groups],
    series: results.map((result) => {
      const summary = result.sets.find((set) => set.name === name)?.summary;
      const parts: (ScoreGroup | undefined)[] = [summary?.overall, ...groups.map((group) => summary?.groups[group])];
      return { name: result.name, values: parts.map((part) => part?.figures.exactMatch ?? null) };
    }),
    max: 1,
  };
}

/** The ARC components of every model, over all sets together. */
function componentRadar(results: readonly RunReportResult[]): ReportRadar {
  const hasReading = results.some(({ sets }) => sets.some(({ arc }) => arc !== undefined));
  const measures = [
    { axis: 'first query hits answer', measure: 'firstQueryAnswerHit' },
    { axis: 'any query hits answer', measure: 'anyQueryAnswerHit' },
    { axis: 'valid actions', measure: 'validActionRate' },
    { axis: 'exact match', measure: 'exactMatch' },
  ] as const;
  const readings = hasReading ? (['thinking', 'sourceReferencing'] as const) : [];
  return {
    title: 'Agentic RAG capabilities',
    axes: [
      ...readings.map((component) => (component === 'thinking' ? 'thinking' : 'source referencing')),
      ...measures.map(({ axis }) => axis),
    ],
    series: results.map(({ name, sets }) => ({
      name,
      values: [
        ...readings.map((component) => pooledMean(sets.map((set) => set.arc?.[component].exactMatch))),
        ...measures.map(({ measure }) => pooledMean(sets.map(({ summary }) => summary.overall.figures[measure]))),
      ],
    })),
    caption: 'Shares from 0 in the middle to 1 at the rim, over all sets together.',
  };
}

/** Episodes of one question next to each other; the first stands open. */
function sideBySide(transcripts: readonly ReportTranscript[]) {
  const byQuestion = new Map<string, ReportTranscript[]>();
  for (const transcript of transcripts) {
    const key = JSON.stringify([transcript.trajectory.task.id, transcript.trajectory.task.question]);
    byQuestion.set(key, [...(byQuestion.get(key) ?? []), transcript]);
  }
  const groups = [...byQuestion.values()];
  const pairs = groups.filter((group) => group.length > 1);
  return {
    comparisons: pairs.map((sides, index): ReportComparison => ({ sides, open: index === 0 })),
    transcripts: groups
      .filter((group) => group.length === 1)
      .flat()
      .map((transcript, index) => ({ open: pairs.length === 0 && index === 0, ...transcript })),
  };
}

const meanings = [
  'Source referencing: exact match when the first search of the model brings the passages that hold the answer and it must answer at once. Thinking: the same, but it reasons first; a further search brings the same passages. A query hits the answer when a retrieved passage holds it as whole words.',
  'Answers, searches and hits are read from the structured actions of each episode, never from tags in the text.',
];

/**
 * The report of a run as one HTML page without script or request: tables of all models with intervals, bars, a radar of the ARC
 * components, curves of training, transcripts.
 *
 * @throws DatasetError when `metricsPath` holds something other than metrics
 */
export async function renderRunReport(options: RunReportOptions): Promise<string> {
  const { title, subtitle, results, metricsPath, transcripts = [], tables = [], highlights, notes = [] } = options;
  const sets = setsOf(results);
  const played = arePlayed(results);
  return renderReport({
    title,
    ...(subtitle === undefined ? {} : { subtitle }),
    ...(highlights === undefined ? {} : { highlights }),
    ...(sets.length === 0
      ? {}
      : played
        ? { tables: [...playReport(results).tables, ...tables], bars: playReport(results).bars }
        : {
            tables: [exactMatchTable(results), ...sets.map(({ name }) => componentTable(results, name)), ...tables],
            bars: sets.map(({ name, groups }) => exactMatchBars(results, name, groups)),
            radar: componentRadar(results),
          }),
    ...(metricsPath === undefined
      ? {}
      : { curves: await trainingCurves({ path: metricsPath, stages: results.map(({ name }) => name) }) }),
    ...sideBySide(transcripts),
    notes: [...(sets.length === 0 ? [] : played ? [playLegend] : meanings), ...notes],
  });
}

/**
 * Writes the report of a run to a file; see {@link renderRunReport}.
 *
 * @throws DatasetError when it cannot be written, or `metricsPath` holds something other than metrics
 */
export async function writeRunReport({ path, ...options }: RunReportOptions & { path: string }): Promise<void> {
  const html = await renderRunReport(options);
  try {
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(nodeFileSystem, path, html);
  } catch (cause) {
    throw new DatasetError('cannot be written', { where: path, cause });
  }
}
