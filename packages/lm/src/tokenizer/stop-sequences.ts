import { ModelError } from '@dgpo/trajectory';
import type { Tokenizer } from './tokenizer.js';

/** Follows the bytes of one sequence. */
export interface StopState {
  /**
   * Takes the next sampled token.
   * @returns the stop string that this token completes, or `null`. When it completes several, the one that ends
   *   first; when these end together, the longest. After a match the state starts afresh.
   */
  push(id: number): { matched: string | null };
}

export interface StopMatcher {
  /** A fresh state, one for each sequence; nothing before its first token counts. */
  start(): StopState;
}

export interface StopMatcherOptions {
  tokenizer: Pick<Tokenizer, 'tokenBytes'>;
  /** Stop strings. Without any, nothing ever matches. */
  stop: readonly string[];
}

/**
 * Finds stop strings in a stream of tokens, byte by byte: a stop string may begin and end anywhere inside tokens. The
 * token that completes it stays part of the sequence, so a turn ends at an exact token.
 *
 * One automaton serves all states; each byte costs one look-up. Source: Aho and Corasick, "Efficient string matching"
 * (1975).
 * @throws {ModelError} for an empty stop string.
 */
export function createStopMatcher({ tokenizer, stop }: StopMatcherOptions): StopMatcher {
  /** `after[node]` maps a byte to the next node; node 0 is "no stop string has begun". */
  const after: Map<number, number>[] = [new Map()];
  const found: (string | null)[] = [null];
  for (const text of stop) {
    if (text === '') throw new ModelError('a stop string is empty; it would end every sequence at once');
    let node = 0;
    for (const byte of new TextEncoder().encode(text)) {
      let child = after[node]?.get(byte);
      if (child === undefined) {
        child = after.push(new Map()) - 1;
        found.push(null);
        after[node]?.set(byte, child);
      }
      node = child;
    }
    found[node] = text;
  }

  // Breadth first: the suffix of a node is shorter than its own path, and so is finished before it.
  const suffix = new Int32Array(after.length);
  const step = (from: number, byte: number): number => {
    for (let node = from; ; node = suffix[node] ?? 0) {
      const child = after[node]?.get(byte);
      if (child !== undefined) return child;
      if (node === 0) return 0;
    }
  };
  const queue = [0];
  for (const node of queue) {
    for (const [byte, child] of after[node] ?? []) {
      if (node !== 0) suffix[child] = step(suffix[node] ?? 0, byte);
      found[child] ??= found[suffix[child] ?? 0] ?? null;
      queue.push(child);
    }
  }

  const start = (): StopState => {
    let node = 0;
    return {
      push: (id) => {
        for (const byte of tokenizer.tokenBytes(id)) {
          node = step(node, byte);
          const matched = found[node] ?? null;
          if (matched !== null) {
            node = 0;
            return { matched };
          }
        }
        return { matched: null };
      },
    };
  };
  return { start };
}
