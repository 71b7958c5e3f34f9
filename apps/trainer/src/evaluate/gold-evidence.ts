import {
  containsAnswer,
  goldPassages,
  normalizeAnswer,
  type PassagesByTitle,
  passageTitle,
  searchableAnswers,
} from '@dgpo/arc';
import type { Task } from '@dgpo/trajectory';
import { readPassage } from '../atlas/passages.js';
import { evidenceFields, type QuestionPlan } from '../atlas/questions.js';

export interface GoldEvidenceOptions {
  task: Task;
  /** The corpus under its titles, from `passagesByTitle` of `@dgpo/arc`. */
  corpus: PassagesByTitle;
  /** How many passages of one title to take at most. @default 2 */
  passagesPerTitle?: number;
}

/** Tasks of the demo world carry the plan of their question, which says what each passage must be about. */
function planOf({ metadata }: Task): QuestionPlan | undefined {
  return Array.isArray(metadata?.subjects) ? (metadata as unknown as QuestionPlan) : undefined;
}

/** The text of a passage below its title. */
const bodyOf = (contents: string) => contents.split('\n').slice(1).join('\n');

const wordsOf = (text: string) => new Set(normalizeAnswer(text).split(' '));

/**
 * The passages that answer a task: those with its supporting titles, title by title in the order of the task. Of a title with many
 * passages the ones that contain a golden answer come first, then those that share most words with the question and the other titles
 * (what an intermediate hop needs), then the others in corpus order; what is kept stays in corpus order. For the demo world only
 * passages about the facts of the question count. Empty if the task names no titles or one of them is not in the corpus.
 */
export function goldEvidence({ task, corpus, passagesPerTitle = 2 }: GoldEvidenceOptions): string[] {
  const all = goldPassages({ task, corpus, passagesPerTitle: Number.MAX_SAFE_INTEGER });
  const plan = planOf(task);
  const fields: readonly string[] | undefined = plan === undefined ? undefined : evidenceFields(plan);
  const titles = [...new Set(all.map(passageTitle))];
  const answers = searchableAnswers(task.goldenAnswers);
  return titles.flatMap((title) => {
    const own = all.filter((contents) => passageTitle(contents) === title);
    const about = own.filter((contents) => fields?.includes(readPassage(contents)?.field ?? '') ?? true);
    const wanted = wordsOf([task.question, ...titles.filter((other) => other !== title)].join(' '));
    const ranked = (about.length > 0 ? about : own)
      .map((contents, index) => {
        const body = bodyOf(contents);
        const shared = [...wordsOf(body)].filter((word) => wanted.has(word)).length;
        return { contents, index, answers: Number(containsAnswer([body], answers)), shared };
      })
      .sort((a, b) => b.answers - a.answers || b.shared - a.shared || a.index - b.index);
    return ranked
      .slice(0, passagesPerTitle)
      .sort((a, b) => a.index - b.index)
      .map(({ contents }) => contents);
  });
}
