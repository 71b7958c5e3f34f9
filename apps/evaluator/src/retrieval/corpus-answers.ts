import { searchableAnswers } from '@dgpo/arc';
import { normalizeAnswer, type Task } from '@dgpo/trajectory';

interface Sought {
  words: readonly string[];
  tasks: number[];
}

/** What is looked for, under its first word. */
function index(tasks: readonly Task[]): { byFirstWord: Map<string, Sought[]>; answerable: number } {
  const byAnswer = new Map<string, number[]>();
  let answerable = 0;
  tasks.forEach(({ goldenAnswers }, position) => {
    const answers = searchableAnswers(goldenAnswers);
    if (answers.length > 0) answerable += 1;
    for (const answer of answers) byAnswer.set(answer, [...(byAnswer.get(answer) ?? []), position]);
  });
  const byFirstWord = new Map<string, Sought[]>();
  for (const [answer, positions] of byAnswer) {
    const words = answer.split(' ');
    const [first = ''] = words;
    byFirstWord.set(first, [...(byFirstWord.get(first) ?? []), { words, tasks: positions }]);
  }
  return { byFirstWord, answerable };
}

/**
 * Share of the questions with a golden answer as whole words in any passage of a corpus, both normalised as SQuAD does: what a perfect
 * search could find at most. Questions whose answer says nothing by standing there (yes, no) are not counted; null where all are such.
 */
export async function corpusAnswerRecall(options: {
  documents: AsyncIterable<{ contents: string }> | Iterable<{ contents: string }>;
  tasks: readonly Task[];
}): Promise<number | null> {
  const { byFirstWord, answerable } = index(options.tasks);
  if (answerable === 0) return null;
  const found = new Set<number>();
  for await (const { contents } of options.documents) {
    const words = normalizeAnswer(contents).split(' ');
    words.forEach((word, start) => {
      for (const sought of byFirstWord.get(word) ?? []) {
        if (sought.words.every((one, offset) => words[start + offset] === one)) {
          for (const task of sought.tasks) found.add(task);
        }
      }
    });
    if (found.size === answerable) break;
  }
  return found.size / answerable;
}
