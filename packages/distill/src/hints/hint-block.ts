import type { ChatMessage, Task } from '@dgpo/trajectory';
import { fieldOf } from './hint-task.js';

/** What stands around hints in a prompt. */
export const hintFrame = {
  opening: [
    'Advice for tasks of this kind:',
    'Act on it silently; do not repeat, quote or reword it.',
    'Where it disagrees with what you observe, what you observe counts.',
  ],
  closing: 'End of advice.',
};

/** The lines that give hints to a policy; empty without hints. */
export function renderHints(hints: readonly string[]): string {
  const { closing, opening } = hintFrame;
  return hints.length === 0 ? '' : [...opening, ...hints.map((hint) => `- ${hint}`), closing].join('\n');
}

/** The hints that a task carries, see {@link addHints}. */
export function hintsOf(task: Task): string[] {
  const hints = fieldOf(task.metadata, 'hints');
  return Array.isArray(hints) ? hints.filter((hint): hint is string => typeof hint === 'string') : [];
}

/** The messages with the hints at the end of the first one of the system, else before the first one. */
function withBlock(messages: readonly ChatMessage[], block: string): ChatMessage[] {
  const system = messages.findIndex(({ role }) => role === 'system');
  return messages.map((message, index) => {
    if (index !== Math.max(0, system)) return message;
    const { content } = message;
    return { ...message, content: system < 0 ? `${block}\n\n${content}` : `${content}\n\n${block}` };
  });
}

/**
 * A task with hints: in `metadata.hints`, where {@link hintPromptTemplate} finds them, and in the task's own prompt if it has one. A
 * task without hints stays as it is.
 */
export function addHints({ task, hints }: { task: Task; hints: readonly string[] }): Task {
  if (hints.length === 0) return task;
  const { metadata, prompt } = task;
  return {
    ...task,
    metadata: { ...metadata, hints: [...hints] },
    ...(prompt === undefined ? {} : { prompt: withBlock(prompt, renderHints(hints)) }),
  };
}

/** The parts of a prompt of a text world, as `promptTemplate` of `createTextEnvironment` (`@dgpo/envs`) gets them. */
export interface HintPromptParts {
  instructions: string;
  format: string;
  observation: string;
  task: Task;
}

/**
 * A `promptTemplate` of `createTextEnvironment` (`@dgpo/envs`) that puts the task's hints and a blank line before the first observation of
 * a text template; without hints the prompt is that of the template alone. Small models get a short one such as `'{observation}\n'`:
 * `removeHints` and `findHintTraces` know the hints by what stands around them, whatever else the prompt holds.
 *
 * @param options.template text with `{observation}`, perhaps with `{instructions}`, `{format}` and `{question}`
 */
export function createHintPromptTemplate({ template }: { template: string }): (parts: HintPromptParts) => string {
  return ({ format, instructions, observation, task }) => {
    const block = renderHints(hintsOf(task));
    const values: Readonly<Record<string, string>> = {
      ...{ format, instructions, question: task.question },
      observation: block === '' ? observation : `${block}\n\n${observation}`,
    };
    return template.replace(/\{(instructions|format|observation|question)\}/g, (_, name: string) => values[name] ?? '');
  };
}

/** The environment's own prompt with the task's hints before the first observation. */
export const hintPromptTemplate = createHintPromptTemplate({
  template: '{instructions}\n\n{format}\n\n{observation}\n',
});
