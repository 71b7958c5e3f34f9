import { ConfigError, type Segment, type Task } from '@dgpo/trajectory';
import { encodePromptText } from '../episode/encode-prompt-text.js';
import type { EpisodeTokenizer } from '../policy.js';

/** Text with `{question}` in it, or a function of the question. */
export type PromptTemplate = string | ((question: string) => string);

export const defaultPromptTemplate = [
  'Find the answer to the question below.',
  'Think between <think> and </think>, first of all and after everything you learn.',
  'Whenever you lack a fact, write a query as <search>query</search>; passages that match it then follow between <information> and </information>.',
  'You may search several times.',
  'As soon as you know enough, give the answer alone, in as few words as it needs, for example <answer>Lake Titicaca</answer>.',
  'Question: {question}\n',
].join(' ');

/** @throws ConfigError when a text has no place for the question. */
export function checkPromptTemplate(template: PromptTemplate): void {
  if (typeof template === 'string' && !template.includes('{question}')) {
    throw new ConfigError('has no {question}: the policy would never see what is asked', { where: 'promptTemplate' });
  }
}

/**
 * The prompt segment of a task: its own rendered prompt as it is, else the template. Tags of the prompt become special tokens,
 * tags inside the question stay plain text.
 */
export function encodePrompt(options: {
  task: Task;
  template: PromptTemplate;
  appendQuestionMark: boolean;
  tokenizer: EpisodeTokenizer;
}): Segment {
  const { task, template, appendQuestionMark, tokenizer } = options;
  const plain = task.question.trim();
  const question = appendQuestionMark && !plain.endsWith('?') ? `${plain}?` : plain;
  const render = () =>
    typeof template === 'string' ? template.replaceAll('{question}', () => question) : template(question);
  return encodePromptText({ task, content: task.prompt === undefined ? render() : '', plain, tokenizer });
}
