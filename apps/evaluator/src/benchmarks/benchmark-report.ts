import {
  type Figure,
  formatMean,
  formatRange,
  type ReportTranscript,
  renderReport,
  type TableOptions,
} from '@dgpo/arc';
import type { BenchmarkName } from '@dgpo/envs/benchmarks';
import type { BenchmarkEvaluation } from './evaluate-benchmarks.js';
import type { BenchmarkScore } from './score-benchmark.js';

/** What the benchmarks are called in papers. */
const titles: Record<BenchmarkName, string> = {
  hotpotqa: 'HotpotQA',
  musique: 'MuSiQue',
  bamboogle: 'Bamboogle',
  '2wikimultihopqa': '2WikiMultiHopQA',
  'math-500': 'MATH-500',
  'gsm-hard': 'GSM-Hard',
  aime: 'AIME',
  olymmath: 'OlymMATH',
};

/** A rate in percent. */
const percent = (figure: Figure): Figure => ({
  mean: 100 * figure.mean,
  low: 100 * figure.low,
  high: 100 * figure.high,
  count: figure.count,
});

/** `33.5 [29.4, 37.6]`. */
function cell(figure: Figure | undefined): string {
  if (figure === undefined || figure.count === 0) return '–';
  const { mean, low, high } = percent(figure);
  return `${mean.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`;
}

const row = ({ name, kind, questions, episodes, score, f1, verdicts, errors }: BenchmarkScore) => [
  titles[name],
  kind === 'mathematics' ? 'equivalence' : 'exact match',
  cell(score),
  cell(f1),
  kind === 'mathematics' ? verdicts.undecided : '–',
  verdicts.none,
  errors,
  episodes,
  questions,
];

/** Benchmarks down, with the averages below them; figures in percent with their 95 % intervals. */
export function benchmarkTable({ benchmarks, averages }: BenchmarkEvaluation): TableOptions {
  const right = (header: string) => ({ header, align: 'right' as const });
  const average = (label: string, figure: Figure) =>
    figure.count === 0 ? [] : [[`average of ${figure.count}`, label, cell(figure)]];
  const both = averages.questionAnswering.count > 0 && averages.mathematics.count > 0;
  return {
    columns: [
      'benchmark',
      'measure',
      ...['score', 'F1', 'undecided', 'no answer', 'errors', 'episodes', 'questions'].map(right),
    ],
    rows: [
      ...benchmarks.map(({ score }) => row(score)),
      ...(both ? average('question answering', averages.questionAnswering) : []),
      ...(both ? average('mathematics', averages.mathematics) : []),
      ...average('all', averages.all),
    ],
  };
}

/** What the table leaves unsaid. */
export const benchmarkNotes = [
  'Score: exact match after normalisation for question answering; answers equal to the golden one for mathematics, where an undecided comparison counts as wrong.',
  'Averages give every benchmark the same weight. Intervals are 95 % bootstrap intervals over questions, drawn within each benchmark.',
];

export interface BenchmarkReportOptions {
  /** Name of the model. */
  model: string;
  subtitle: string;
  evaluation: BenchmarkEvaluation;
  /** Episodes to show. @default none */
  transcripts?: readonly ReportTranscript[];
}

/** The evaluation as one HTML page. */
export function renderBenchmarkReport(options: BenchmarkReportOptions): string {
  const { model, subtitle, evaluation, transcripts = [] } = options;
  const { all } = evaluation.averages;
  return renderReport({
    title: `${model} on benchmarks`,
    subtitle,
    highlights: [
      {
        label: all.count === 1 ? 'Score' : `Average of ${all.count} benchmarks`,
        value: `${formatMean(percent(all))} %`,
        note: `95 %: ${formatRange(percent(all))}`,
      },
    ],
    tables: [{ title: 'Benchmarks', ...benchmarkTable(evaluation), caption: 'In percent, with 95 % intervals.' }],
    bars: [
      {
        title: 'Score of each benchmark',
        categories: evaluation.benchmarks.map(({ score }) => titles[score.name]),
        series: [{ name: model, values: evaluation.benchmarks.map(({ score }) => score.score) }],
        max: 1,
      },
    ],
    transcripts,
    notes: benchmarkNotes,
  });
}
