/** What a judge said of one answer. */
export interface Verdict {
  correct: boolean;
  /** Why, in its words; empty if it did not say. */
  reason: string;
}

const words: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  correct: true,
  false: false,
  no: false,
  incorrect: false,
  wrong: false,
};

/**
 * Reads a verdict out of a reply: the last JSON object with a verdict in it, wherever it stands (after a thought, in a code fence), else a
 * reply of a single word. Null if there is none, or if objects contradict each other.
 */
export function parseVerdict(reply: string): Verdict | null {
  const text = reply.replace(/^[\s\S]*<\/think>/, '').trim();
  const verdicts = objectsIn(text).flatMap((value) => readVerdict(value) ?? []);
  const last = verdicts.at(-1);
  if (last !== undefined) return verdicts.every(({ correct }) => correct === last.correct) ? last : null;
  const correct = booleanOf(text.replace(/^\W+|\W+$/g, ''));
  return correct === undefined ? null : { correct, reason: '' };
}

function readVerdict(value: object): Verdict | undefined {
  const { correct, verdict = correct, reason = '' } = value as Record<string, unknown>;
  const decided = booleanOf(correct ?? verdict);
  return decided === undefined ? undefined : { correct: decided, reason: typeof reason === 'string' ? reason : '' };
}

function booleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

/** The JSON objects in a text that are not within another one. */
function objectsIn(text: string): object[] {
  const found: object[] = [];
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    // A verdict is short and flat: its end is one of the next few closing braces.
    let end = start;
    for (let tries = 0; tries < 8; tries++) {
      end = text.indexOf('}', end + 1);
      if (end < 0) break;
      const value = parseObject(text.slice(start, end + 1));
      if (value === undefined) continue;
      found.push(value);
      start = end;
      break;
    }
  }
  return found;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
