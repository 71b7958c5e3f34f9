import type { Task } from '@dgpo/trajectory';

/** A question as a file has it: a task that may be without an id. */
export type QuestionRow = Omit<Task, 'id'> & { id: string | null };

/** What a row says of its question; empty answers, and metadata without a value, are left out. */
export function questionRow(options: {
  id: string | number | null | undefined;
  question: string;
  answers: readonly string[];
  metadata: Readonly<Record<string, unknown>>;
}): QuestionRow {
  const { id, question, answers, metadata } = options;
  const known = Object.entries(metadata).filter(([, value]) => value !== undefined && value !== null);
  return {
    id: id === undefined || id === null ? null : String(id),
    question,
    goldenAnswers: [...new Set(answers.map((answer) => answer.trim()))].filter((answer) => answer !== ''),
    ...(known.length === 0 ? {} : { metadata: Object.fromEntries(known) }),
  };
}
