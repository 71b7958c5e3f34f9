import { exactMatch, normalizeAnswer, type Task } from '@dgpo/trajectory';

/** What guessing without reading achieves. */
export interface MostFrequentAnswerBaseline {
  /** Exact match over all tasks, from 0 to 1; 0 for no tasks. */
  exactMatch: number;
  /** For each `metadata.type` the answer that is right most often, and how often. */
  types: Record<string, { answer: string; exactMatch: number; count: number }>;
}

/** The exact match of guessing, for each question type, the answer that is right for most tasks of that type. */
export function mostFrequentAnswerBaseline(tasks: readonly Task[]): MostFrequentAnswerBaseline {
  const byType = new Map<string, Task[]>();
  for (const task of tasks) {
    const type = String(task.metadata?.type ?? 'other');
    byType.set(type, [...(byType.get(type) ?? []), task]);
  }
  const types: MostFrequentAnswerBaseline['types'] = {};
  let right = 0;
  for (const [type, group] of byType) {
    const answers = new Map(
      group.flatMap(({ goldenAnswers }) => goldenAnswers.map((text) => [normalizeAnswer(text), text])),
    );
    const hits = [...answers.values()].map((answer) => ({
      answer,
      hits: group.filter(({ goldenAnswers }) => exactMatch(answer, goldenAnswers)).length,
    }));
    const best = hits.reduce((left, other) => (other.hits > left.hits ? other : left), { answer: '', hits: 0 });
    types[type] = { answer: best.answer, exactMatch: best.hits / group.length, count: group.length };
    right += best.hits;
  }
  return { exactMatch: tasks.length === 0 ? 0 : right / tasks.length, types };
}
