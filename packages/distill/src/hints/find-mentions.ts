import type { Trajectory } from '@dgpo/trajectory';
import { wordsOf } from './match-hint.js';

/** Words that speak of hints as such. */
const mentions = new Set('advice advise advised advises advising hint hinted hinting hints'.split(' '));

/** The words of a text that speak of hints as such, each once. */
export function findMentions(text: string): string[] {
  return [...new Set(wordsOf(text))].filter((word) => mentions.has(word));
}

/** Such words in what a policy was told: its task, its prompt and what it observed. They may come from there, as names of products do. */
export function toldMentions({ segments, task }: Pick<Trajectory, 'segments' | 'task'>): Set<string> {
  const told = segments.flatMap(({ kind, text }) => (kind === 'policy' ? [] : [text]));
  const messages = (task.prompt ?? []).map(({ content }) => content);
  return new Set([task.question, ...messages, ...told].flatMap(findMentions));
}
