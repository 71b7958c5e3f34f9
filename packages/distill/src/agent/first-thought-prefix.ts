import { normalizeAnswer, type Task } from '@dgpo/trajectory';

/**
 * The first step of a chain of thought as the beginning of an agent's first thought: the label, the text before the first blank line, a
 * blank line. Blank lines at the very beginning are skipped. Empty when the chain of thought is.
 * Source: `build_prefix_memory.py` of agent distillation (arXiv 2505.17612), `"Thought: " + response.split("\n\n")[0] + "\n\n"`.
 */
export function firstThoughtPrefix(
  chainOfThought: string,
  options: {
    /** What a thought begins with in the action format of the agent. @default 'Thought: ' */
    label?: string;
  } = {},
): string {
  const { label = 'Thought: ' } = options;
  const text = chainOfThought.replaceAll('\r\n', '\n').replace(/^\s+/, '');
  const [step = ''] = text.split('\n\n');
  return step.trim() === '' ? '' : `${label}${step}\n\n`;
}

/** The first-thought prefixes of these chains of thought by task id, as `withFirstThoughtPrefix` takes them; empty ones are left out. */
export function firstThoughtPrefixes(
  chains: Iterable<{ taskId: string; text: string | null }>,
  options: { label?: string } = {},
): Map<string, string> {
  const prefixes = new Map<string, string>();
  for (const { taskId, text } of chains) {
    const prefix = firstThoughtPrefix(text ?? '', options);
    if (prefix !== '') prefixes.set(taskId, prefix);
  }
  return prefixes;
}

const escapePattern = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Numbers without the commas of their thousands: 1,285 is 1285. */
const plainNumbers = (text: string) => text.replaceAll(/(?<=\p{N}),(?=\p{N}{3}(?!\p{N}))/gu, '');

function mentions(text: string, answer: string): boolean {
  const written = plainNumbers(answer.trim().toLowerCase());
  if (written === '') return false;
  // Lookarounds instead of \b, which is ASCII; 3 is not mentioned by 3.5 or 1.3, nor by -3.
  const exact = new RegExp(
    `(?<![\\p{L}\\p{N}_-]|\\p{N}[.,])${escapePattern(written)}(?![\\p{L}\\p{N}_]|[.,]\\p{N})`,
    'u',
  );
  if (exact.test(plainNumbers(text.toLowerCase()))) return true;
  // Answers of several words also in another punctuation, as exact match sees them.
  const words = normalizeAnswer(answer);
  return words.includes(' ') && ` ${normalizeAnswer(text)} `.includes(` ${words} `);
}

/** What the prefixes tell of the answers. */
export interface PrefixLeaks {
  /** Prefixes of tasks whose answer is known and is not named by the question itself. */
  checked: number;
  /** Ids of the tasks whose prefix mentions a golden answer, in the order of the tasks. */
  leaking: string[];
  /** Of the checked ones; 0 when there are none. */
  share: number;
}

/**
 * Finds prefixes that already mention a golden answer: what follows such a prefix shows no search for it. A question that itself names the
 * answer ("is A or B older?") is not checked. The reference does not look for this; it is for you to leave such tasks out.
 */
export function checkPrefixLeaks(options: {
  tasks: Iterable<Task>;
  prefixes: ReadonlyMap<string, string>;
}): PrefixLeaks {
  const leaking: string[] = [];
  let checked = 0;
  for (const { id, question, goldenAnswers } of options.tasks) {
    const prefix = options.prefixes.get(id);
    const answers = goldenAnswers.filter((answer) => !mentions(question, answer));
    if (prefix === undefined || answers.length === 0) continue;
    checked += 1;
    if (answers.some((answer) => mentions(prefix, answer))) leaking.push(id);
  }
  return { checked, leaking, share: checked === 0 ? 0 : leaking.length / checked };
}
