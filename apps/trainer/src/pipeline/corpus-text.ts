import { splitTitle } from '@dgpo/retriever';
import { type Random, supportingTitles, type Task } from '@dgpo/trajectory';
import type { WeightedSegment } from '../train/language-modelling.js';

export interface CorpusTextOptions {
  documents: readonly { contents: string }[];
  /** Questions with supporting titles make reading exercises. */
  tasks: readonly Task[];
  /** Mix in passages followed by a question and its answer. */
  readingExercises: boolean;
  /** Weight of everything but answers. */
  contextWeight: number;
}

/** Makes text to pretrain on from a user's own corpus: plain passages, and passages with a question whose answer stands in them. */
export function createCorpusText(options: CorpusTextOptions): (random: Random) => WeightedSegment[] {
  const { documents, tasks, contextWeight } = options;
  const byTitle = new Map<string, string[]>();
  for (const { contents } of documents) {
    const { title, text } = splitTitle(contents);
    byTitle.set(title, [...(byTitle.get(title) ?? []), text]);
  }
  const exercises = tasks.flatMap((task) => {
    const evidence = [...new Set(supportingTitles(task))].flatMap((title) => byTitle.get(title)?.slice(0, 1) ?? []);
    const answer = task.goldenAnswers[0];
    const stands = answer !== undefined && evidence.some((text) => text.includes(answer));
    return stands ? [{ evidence, question: task.question, answer }] : [];
  });
  return (random) => {
    if (options.readingExercises && exercises.length > 0 && random.next() < 0.5) {
      const { evidence, question, answer } = random.pick(exercises);
      const texts = random.shuffle([...evidence, splitTitle(random.pick(documents).contents).text]);
      return [
        { text: `${texts.join('\n')}\nQuestion: ${question}\nAnswer:`, weight: contextWeight },
        { text: ` ${answer}\n`, weight: 1 },
      ];
    }
    return [{ text: `${random.pick(documents).contents}\n`, weight: contextWeight }];
  };
}
