import type { Tokenizer } from '@dgpo/lm';

/** The text of a sampled sequence as it grows, cut before a stop string. */
export interface TextStream {
  /** The text that this token releases: no unfinished code point, and nothing that may still become a stop string. */
  push(id: number): string;
  /** What was held back. */
  end(): string;
  /** The stop string that ended the text. */
  readonly stopped: string | undefined;
}

/** The stop string that is complete first in `text`; of those that end together, the longest. */
function firstStop(text: string, stop: readonly string[]): { start: number; found: string } | undefined {
  let best: { start: number; found: string; end: number } | undefined;
  for (const found of stop) {
    const start = text.indexOf(found);
    if (start < 0) continue;
    const end = start + found.length;
    if (best === undefined || end < best.end || (end === best.end && found.length > best.found.length)) {
      best = { start, found, end };
    }
  }
  return best;
}

/** Length of the longest end of `text` with which a stop string begins. */
function heldBack(text: string, stop: readonly string[]): number {
  const longest = Math.max(0, ...stop.map((one) => one.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const tail = text.slice(-length);
    if (stop.some((one) => one.startsWith(tail))) return length;
  }
  return 0;
}

/** Text as OpenAI's API gives it: stop strings excluded, and special tokens unless they are asked for. */
export function createTextStream(options: {
  tokenizer: Pick<Tokenizer, 'decodeStream'>;
  stop?: readonly string[];
  /** @default true */
  skipSpecial?: boolean;
}): TextStream {
  const { tokenizer, stop = [], skipSpecial = true } = options;
  const decoder = tokenizer.decodeStream({ skipSpecial });
  let held = '';
  let stopped: string | undefined;
  const release = (added: string, { last }: { last: boolean }): string => {
    if (stopped !== undefined) return '';
    held += added;
    const match = firstStop(held, stop);
    stopped = match?.found;
    const end = match?.start ?? held.length - (last ? 0 : heldBack(held, stop));
    const text = held.slice(0, end);
    held = held.slice(end);
    return text;
  };
  return {
    push: (id) => release(decoder.push(id), { last: false }),
    end: () => release(decoder.end(), { last: true }),
    get stopped() {
      return stopped;
    },
  };
}
