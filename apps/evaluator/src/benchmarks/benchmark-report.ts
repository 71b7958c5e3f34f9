import type { Figure, TableOptions } from '@dgpo/arc';
import { type BenchmarkName, isBenchmarkName } from '@dgpo/envs/benchmarks';
import type { EvaluatedSet, Evaluation } from '../evaluation/score-set.js';

/** What the benchmarks are called in papers. */
const titles: Readonly<Record<BenchmarkName, string>> = {
  nq: 'NQ',
  triviaqa: 'TriviaQA',
  popqa: 'PopQA',
  hotpotqa: 'HotpotQA',
  musique: 'MuSiQue',
  bamboogle: 'Bamboogle',
  '2wikimultihopqa': '2WikiMultihopQA',
  'math-500': 'MATH-500',
  'gsm-hard': 'GSM-Hard',
  aime: 'AIME',
  olymmath: 'OlymMATH',
};

/** What a set is called for people. */
const titleOf = (name: string) => (isBenchmarkName(name) ? titles[name] : name);

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

/** A share in percent, or a dash. */
const share = (value: number | null | undefined) => (value == null ? '–' : (100 * value).toFixed(1));

const row = ({ scored, answerRecall, withoutAnswer }: EvaluatedSet) => {
  if (scored === undefined) return [];
  const { name, kind, questions, episodes, score, f1, verdicts, errors } = scored.score;
  return [
    [
      titleOf(name),
      kind === 'mathematics' ? 'equivalence' : 'exact match',
      cell(score),
      cell(f1),
      share(answerRecall?.corpus),
      share(answerRecall?.retrieval),
      kind === 'mathematics' ? verdicts.undecided : '–',
      verdicts.none,
      errors,
      episodes,
      questions,
      withoutAnswer.length,
    ],
  ];
};

/** Benchmarks down, with the averages below them; figures in percent with their 95 % intervals. */
export function benchmarkTable({ sets, averages }: Evaluation): TableOptions {
  const right = (header: string) => ({ header, align: 'right' as const });
  const average = (label: string, figure: Figure) =>
    figure.count === 0 ? [] : [[`average of ${figure.count}`, label, cell(figure)]];
  const both = averages.questionAnswering.count > 0 && averages.mathematics.count > 0;
  return {
    columns: [
      'benchmark',
      'measure',
      ...[
        'score',
        'F1',
        'in corpus',
        'found',
        'undecided',
        'no answer',
        'errors',
        'episodes',
        'questions',
        'without gold',
      ].map(right),
    ],
    rows: [
      ...sets.flatMap(row),
      ...(both ? average('question answering', averages.questionAnswering) : []),
      ...(both ? average('mathematics', averages.mathematics) : []),
      ...average('all', averages.all),
    ],
  };
}

/** What the table leaves unsaid. */
export const benchmarkNotes = [
  'Score: exact match after normalisation for question answering; answers equal to the golden one for mathematics, where an undecided comparison counts as wrong.',
  'In corpus: share of the questions with a golden answer in any passage of the corpus; found: in the passages for the question as it stands. Both are over questions whose answer is not yes or no, and bound what reading can score.',
  'Averages give every benchmark the same weight. Intervals are 95 % bootstrap intervals over questions, drawn within each benchmark. Rows without a golden answer are left out.',
];
