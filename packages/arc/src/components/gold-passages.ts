import { supportingTitles, type Task } from '@dgpo/trajectory';
import { containsAnswer, searchableAnswers } from '../metrics/contains-answer.js';
import { titleKey } from '../metrics/passage-title.js';
import type { PassagesByTitle } from './passages-by-title.js';

export interface GoldPassagesOptions {
  task: Task;
  /** The corpus under its titles, from {@link passagesByTitle}. */
  corpus: PassagesByTitle;
  /**
   * How many passages of one title to take when an article was cut into many: those that contain a golden answer first, then in
   * corpus order.
   * @default 4
   */
  passagesPerTitle?: number;
}

/**
 * The contents of the passages with the supporting titles of a task, title by title in the order of the task and in corpus order
 * within a title. Empty if the task names no titles or one of them is not in the corpus: half of the evidence would measure
 * something else.
 *
 * @throws RangeError if `passagesPerTitle` is no positive whole number.
 */
export function goldPassages({ task, corpus, passagesPerTitle = 4 }: GoldPassagesOptions): string[] {
  if (!Number.isInteger(passagesPerTitle) || passagesPerTitle < 1) {
    throw new RangeError(`passagesPerTitle must be a whole number of at least 1, not ${passagesPerTitle}`);
  }
  const answers = searchableAnswers(task.goldenAnswers);
  const byTitle = supportingTitles(task).map((title) => corpus.get(titleKey(title)) ?? []);
  if (byTitle.some((passages) => passages.length === 0)) return [];
  return byTitle.flatMap((passages) => {
    if (passages.length <= passagesPerTitle) return passages;
    const hasAnswer = passages.map((passage) => containsAnswer([passage], answers));
    const order = passages
      .map((_, index) => index)
      .sort((a, b) => Number(hasAnswer[b]) - Number(hasAnswer[a]) || a - b);
    const taken = new Set(order.slice(0, passagesPerTitle));
    return passages.filter((_, index) => taken.has(index));
  });
}
