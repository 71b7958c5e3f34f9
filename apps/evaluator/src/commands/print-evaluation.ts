import { formatTable, scoreTable, type TableOptions } from '@dgpo/arc';
import type { ConsoleStream, SetEvaluation } from '@dgpo/trainer';
import { benchmarkNotes, benchmarkTable } from '../benchmarks/benchmark-report.js';
import { costTable, describeCost } from '../cost/cost-table.js';
import type { FinishedEvaluation } from '../evaluation/finished-evaluation.js';

/** The measures of a set, with the components that are measured apart from searching. */
function setTable({ summary, arc }: SetEvaluation): TableOptions {
  const { columns, rows } = scoreTable(summary);
  if (arc === undefined) return { columns, rows };
  const blank = columns.slice(2).map(() => '');
  const reading = [
    ['source referencing', arc.sourceReferencing.exactMatch, ...blank],
    ['thinking', arc.thinking.exactMatch, ...blank],
  ];
  const [first, ...others] = columns;
  const right = others.map((column) => ({
    header: typeof column === 'string' ? column : column.header,
    align: 'right' as const,
  }));
  return { columns: [first ?? '', ...right], rows: [...rows, ...reading] };
}

/** Prints an evaluation for people: the measures of every set that is searched, the scores of all, what it took. */
export function printEvaluation(output: ConsoleStream, finished: FinishedEvaluation): void {
  const { evaluation, cost, corpus } = finished;
  const { sets } = evaluation;
  for (const set of sets) {
    if (set.scored?.score.kind !== 'mathematics') output.write(`${set.name}\n${formatTable(setTable(set))}\n\n`);
  }
  if (sets.some(({ scored }) => scored !== undefined)) output.write(`${formatTable(benchmarkTable(evaluation))}\n\n`);
  output.write(`${formatTable(costTable(cost))}\n\n`);
  if (corpus !== undefined) {
    const passages = corpus.passages === undefined ? '' : `, ${corpus.passages} passages`;
    output.write(`Corpus: ${corpus.name}${passages}.\n`);
  }
  const { bootstrapSamples, seed } = sets[0]?.summary ?? {};
  output.write(`Means with 95 % bootstrap intervals over questions (${bootstrapSamples} resamples, seed ${seed}).\n`);
  if (sets.some(({ scored }) => scored !== undefined)) for (const note of benchmarkNotes) output.write(`${note}\n`);
  output.write(`${describeCost(cost.overall)}\n`);
  for (const { name, withoutAnswer } of sets) {
    if (withoutAnswer.length === 0) continue;
    output.write(
      `${name}: ${withoutAnswer.length} rows without a golden answer left out, the first ${withoutAnswer[0]}\n`,
    );
  }
}
