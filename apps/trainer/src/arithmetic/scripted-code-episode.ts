import type { Segment, Task } from '@dgpo/trajectory';
import { arithmeticEnvironment } from './arithmetic-environment.js';
import { type CodeObservation, codeExpertMove, moveCode, writeMove } from './code-expert.js';

export interface ScriptedCodeEpisodeOptions {
  task: Task;
  /** Texts of the passages for a query, best first, without their titles. */
  search: (query: string) => readonly string[];
  /** Begins the first turn in place of the expert's own thought. */
  firstThought?: string;
}

/**
 * An episode of the scripted expert without an interpreter: its code does nothing but print searches and reckon, so that what Python
 * would print is known. Prompt apart, the segments are those of the environment with its default settings, as texts. `answer` is null
 * when the steps do not suffice.
 */
export function scriptedCodeEpisode(options: ScriptedCodeEpisodeOptions): {
  segments: Segment[];
  answer: string | null;
} {
  const { task, search, firstThought } = options;
  const { documentTemplate, observationPrefix, observationSuffix, topK, maxSteps } = arithmeticEnvironment;
  const segments: Segment[] = [];
  const observations: CodeObservation[] = [];
  while (observations.length < maxSteps) {
    const move = codeExpertMove({ task, observations });
    segments.push({ kind: 'policy', text: writeMove(move, observations.length === 0 ? firstThought : undefined) });
    if ('calculation' in move) return { segments, answer: move.calculation.answer };
    const printed = move.queries.map((query) => {
      const found = search(query).slice(0, topK);
      return `${found.map((text) => documentTemplate.replace('{text}', () => text)).join('')}\n`;
    });
    const stdout = printed.join('');
    observations.push({ code: moveCode(move), stdout });
    const text = `${observationPrefix}Printed:\n${stdout.slice(0, -1)}${observationSuffix}`;
    segments.push({ kind: 'observation', text });
  }
  return { segments, answer: null };
}
