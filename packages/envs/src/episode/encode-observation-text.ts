import type { Segment } from '@dgpo/trajectory';
import type { EpisodeTokenizer } from '../policy.js';

/** Drops tokens at the end that leave a character unfinished. */
function dropUnfinishedCharacter(tokenizer: EpisodeTokenizer, tokenIds: number[]): number[] {
  // A UTF-8 character has at most four bytes, so at most three tokens can be its unfinished start.
  for (let dropped = 0; dropped <= 3; dropped++) {
    const kept = tokenIds.slice(0, tokenIds.length - dropped);
    if (!tokenizer.decode(kept.slice(-8)).endsWith('\uFFFD')) return kept;
  }
  return tokenIds;
}

/** What an observation has beside its text. */
export interface ObservationShape {
  prefix: string;
  /** Goes with the text. @default '' */
  lead?: string;
  suffix: string;
  maxTokens: number;
  tokenizer: EpisodeTokenizer;
}

/**
 * What the policy reads after a turn. Only prefix and suffix may hold special tokens; the text is encoded as plain text and loses
 * tokens at its end until everything fits. Null when not even prefix and suffix fit into `maxTokens`.
 */
export function encodeObservationText(options: ObservationShape & { text: string }): Segment | null {
  const { prefix, lead = '', suffix, maxTokens, tokenizer } = options;
  const text = `${lead}${options.text}`;
  const before = tokenizer.encode(prefix, { allowSpecial: true });
  const after = tokenizer.encode(suffix, { allowSpecial: true });
  const room = maxTokens - before.length - after.length;
  if (room < 0) return null;
  const tokenIds = tokenizer.encode(text);
  if (tokenIds.length <= room) {
    return { kind: 'observation', text: `${prefix}${text}${suffix}`, tokenIds: [...before, ...tokenIds, ...after] };
  }
  const kept = dropUnfinishedCharacter(tokenizer, tokenIds.slice(0, room));
  return {
    kind: 'observation',
    text: `${prefix}${tokenizer.decode(kept)}${suffix}`,
    tokenIds: [...before, ...kept, ...after],
  };
}

/** A message of the environment in its own words, whole; null when it does not fit. */
export function encodeMessage(options: {
  message: string;
  maxTokens: number;
  tokenizer: EpisodeTokenizer;
}): Segment | null {
  const { message, maxTokens, tokenizer } = options;
  const tokenIds = tokenizer.encode(message, { allowSpecial: true });
  return tokenIds.length <= maxTokens ? { kind: 'observation', text: message, tokenIds } : null;
}
