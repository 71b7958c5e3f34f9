import type { Segment } from '@dgpo/trajectory';
import type { EpisodeTokenizer } from '../policy.js';
import type { CodeResult } from './code-interpreter.js';
import { wellFormed } from './well-formed.js';

/** What the policy reads of an action: the prints, then the last value or the error with an advice. */
export function renderResult(
  { stdout, value, error }: Pick<CodeResult, 'stdout' | 'value' | 'error'>,
  advice: string,
): string {
  const logs = stdout === '' ? [] : [`Printed:\n${stdout.endsWith('\n') ? stdout.slice(0, -1) : stdout}`];
  if (error !== null) {
    return [...logs, `Error:\n${error}`, ...(advice === '' ? [] : [advice])].join('\n');
  }
  if (value !== null) return [...logs, `Last value:\n${value}`].join('\n');
  return logs[0] ?? 'Nothing was printed, and there is no last value.';
}

const notice = '\n[cut here]\n';

function cutMiddle(text: string, characters: number): string {
  const half = Math.floor(characters / 2);
  // Half a surrogate pair on either side is no character.
  return wellFormed(`${text.slice(0, half)}${notice}${half === 0 ? '' : text.slice(-half)}`);
}

/**
 * An observation as a segment. Only prefix and suffix may hold special tokens; the text between is encoded as plain text and loses its
 * middle until everything fits. Null when not even prefix and suffix fit into `maxTokens`.
 */
export function encodeCodeObservation(options: {
  text: string;
  prefix: string;
  suffix: string;
  maxTokens: number;
  tokenizer: EpisodeTokenizer;
}): Segment | null {
  const { text, prefix, suffix, maxTokens, tokenizer } = options;
  const before = tokenizer.encode(prefix, { allowSpecial: true });
  const after = tokenizer.encode(suffix, { allowSpecial: true });
  const room = maxTokens - before.length - after.length;
  if (room < 0) return null;
  let kept = wellFormed(text);
  let tokenIds = tokenizer.encode(kept);
  for (let characters = text.length; tokenIds.length > room && characters > 0; ) {
    characters = Math.floor(Math.min(characters * 0.9, (characters * room) / tokenIds.length));
    kept = characters === 0 ? '' : cutMiddle(text, characters);
    tokenIds = tokenizer.encode(kept);
  }
  return { kind: 'observation', text: `${prefix}${kept}${suffix}`, tokenIds: [...before, ...tokenIds, ...after] };
}
