import { ConfigError, type Segment, type Task } from '@dgpo/trajectory';
import { encodePromptText } from '../episode/encode-prompt-text.js';
import type { EpisodeTokenizer } from '../policy.js';

/** What the prompt of a text world is made of. */
export interface TextPromptParts {
  /** What can be done, in the world's words. */
  instructions: string;
  /** How to write actions. */
  format: string;
  /** What is seen first. */
  observation: string;
  task: Task;
}

/** Text with `{observation}` in it, perhaps with `{instructions}`, `{format}` and `{question}`; or a function of the same. */
export type TextPromptTemplate = string | ((parts: TextPromptParts) => string);

export const defaultTextPromptTemplate = '{instructions}\n\n{format}\n\n{observation}\n';

/** @throws ConfigError when a text has no place for the observation. */
export function checkTextPromptTemplate(template: TextPromptTemplate): void {
  if (typeof template === 'string' && !template.includes('{observation}')) {
    throw new ConfigError('has no {observation}: the policy would never see where it is', { where: 'promptTemplate' });
  }
}

/**
 * The prompt segment of an episode in a text world: the task's own rendered prompt as it is, else the template. Tags of the prompt
 * become special tokens, tags inside the observation stay plain text.
 */
export function encodeTextPrompt(options: {
  parts: TextPromptParts;
  template: TextPromptTemplate;
  tokenizer: EpisodeTokenizer;
}): Segment {
  const { parts, template, tokenizer } = options;
  const { task, instructions, format } = parts;
  const plain = parts.observation.trim();
  const render = () => {
    if (typeof template !== 'string') return template({ ...parts, observation: plain });
    const values: Record<string, string> = { instructions, format, observation: plain, question: task.question };
    return template.replace(/\{(instructions|format|observation|question)\}/g, (_, name: string) => values[name] ?? '');
  };
  return encodePromptText({ task, content: task.prompt === undefined ? render() : '', plain, tokenizer });
}
