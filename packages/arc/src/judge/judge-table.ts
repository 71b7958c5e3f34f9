import type { TableOptions } from '../format-table.js';
import type { JudgeSummary } from './judge-answers.js';

/** A summary as a table of figures with their intervals. */
export function judgeTable({ accuracy, exactMatch, agreement }: JudgeSummary): TableOptions {
  return {
    columns: ['measure', 'value', 'answers'],
    rows: [
      ['correct (judge)', accuracy, accuracy.count],
      ['exact match', exactMatch, exactMatch.count],
      ['agreement of the two', agreement.accuracy, agreement.accuracy.count],
      ["Cohen's kappa of the two", agreement.kappa, agreement.kappa.count],
    ],
  };
}

/** What judge and exact match said, each of the answers that were judged, as a table. */
export function judgeConfusionTable({ agreement: { confusion } }: JudgeSummary): TableOptions {
  return {
    columns: ['', 'exact match: right', 'exact match: wrong'],
    rows: [
      ['judge: right', confusion.bothCorrect, confusion.judgeOnly],
      ['judge: wrong', confusion.exactMatchOnly, confusion.neither],
    ],
  };
}
