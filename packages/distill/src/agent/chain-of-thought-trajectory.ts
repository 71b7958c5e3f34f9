import { type Action, exactMatch, type Segment, type Task, type Trajectory } from '@dgpo/trajectory';
import type { AgentTokenizer } from './episode.js';

export interface ChainOfThoughtTrajectoryOptions {
  task: Task;
  /** What the teacher wrote: the reasoning, then the answer as {@link readFinalAnswer} finds it. */
  text: string;
  /** What the student is asked, encoded. */
  prompt: { text: string; tokenIds: readonly number[] };
  /** The student's. */
  tokenizer: Pick<AgentTokenizer, 'encode'>;
  /** Ends the student's turn; special tokens may be spelled out, such as `<|im_end|>`. @default '' */
  end?: string;
  /** Counts the samples of a task from 0. @default 0 */
  sample?: number;
  /** Name of the teacher. */
  policy?: string;
  /** @default exact match with a golden answer after SQuAD normalisation */
  isCorrect?: (options: { task: Task; answer: string }) => boolean;
}

/** The contents of the last `\boxed{…}`, whose braces may be nested; null when there is none or it does not end. */
function lastBoxed(text: string): string | null {
  const start = text.lastIndexOf('\\boxed{');
  if (start < 0) return null;
  const open = start + '\\boxed{'.length;
  let depth = 1;
  for (let index = open; index < text.length; index++) {
    const letter = text[index];
    if (letter === '\\') index += 1;
    else if (letter === '{') depth += 1;
    else if (letter === '}') depth -= 1;
    if (depth === 0) return text.slice(open, index).trim();
  }
  return null;
}

/** The answer of a chain of thought: what the last `<answer>…</answer>` holds, without a `\boxed{}` around it, else the last `\boxed{…}`. */
export function readFinalAnswer(text: string): string | null {
  const end = text.lastIndexOf('</answer>');
  const start = end < 0 ? -1 : text.lastIndexOf('<answer>', end);
  const tagged = start < 0 ? null : text.slice(start + '<answer>'.length, end).trim();
  return lastBoxed(tagged ?? text) ?? (tagged === '' ? null : tagged);
}

/**
 * A chain of thought as an episode of one turn: a prompt and what the teacher wrote, to train a student on as the baseline of agent
 * distillation. The text came without token ids, so it is encoded here, with no log-probabilities.
 * Filter with `keepCorrect`; a text without an answer has an invalid action and is not correct.
 */
export function chainOfThoughtTrajectory(options: ChainOfThoughtTrajectoryOptions): Trajectory {
  const { task, text, prompt, tokenizer, end = '', sample = 0, policy } = options;
  const { isCorrect = ({ answer }) => exactMatch(answer, task.goldenAnswers) } = options;
  const answer = readFinalAnswer(text);
  const correct = answer !== null && isCorrect({ task, answer });
  const action: Action =
    answer === null
      ? { turn: 0, kind: 'invalid', text, executed: false }
      : { turn: 0, kind: 'answer', text, answer, executed: true };
  const tokenIds = [...tokenizer.encode(text), ...(end === '' ? [] : tokenizer.encode(end, { allowSpecial: true }))];
  const segments: Segment[] = [
    { kind: 'prompt', text: prompt.text, tokenIds: [...prompt.tokenIds] },
    { kind: 'policy', text: `${text}${end}`, tokenIds },
  ];
  return {
    id: `${task.id}#${sample}`,
    task,
    environment: 'chain-of-thought',
    ...(policy === undefined ? {} : { policy }),
    sample,
    segments,
    actions: [action],
    outcome: { correct, reward: correct ? 1 : 0, answer, endedBy: answer === null ? 'turns' : 'answer' },
  };
}
