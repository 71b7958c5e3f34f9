/** A sequence in the cache. */
export interface HeldSequence {
  readonly id: string;
  readonly slot: number;
  /** Its tokens, those that are not in the cache yet included. */
  tokenIds: number[];
  /** How many of them are in the cache. */
  computed: number;
  /** How many are certain to get there; 0 while nothing is sampled for it. */
  planned: number;
}

export function commonPrefix(left: readonly number[], right: readonly number[], limit: number): number {
  const end = Math.min(left.length, right.length, limit);
  let length = 0;
  while (length < end && left[length] === right[length]) length += 1;
  return length;
}

/** Which sequence is in which slot. */
export interface Slots {
  /** The slot of a sequence that is to be sampled: its own, a free one, or that of the least recently used that rests. */
  claim(id: string): HeldSequence;
  /** The sequence waits for its next request. */
  rest(held: HeldSequence): void;
  /** The sequence that shares the longest beginning, up to `limit`, with this one. */
  longestPrefix(held: HeldSequence, limit: number): { from: HeldSequence; length: number } | undefined;
  /** Forgets a sequence, unless it is being sampled. Returns what was forgotten. */
  forget(id: string): HeldSequence | undefined;
  /** Forgets the least recently used sequence that rests. */
  forgetOldest(): HeldSequence | undefined;
  clear(): void;
}

export function createSlots(count: number): Slots {
  /** Least recently used first. */
  const held = new Map<string, HeldSequence>();
  let free: number[] = [];

  const forget = (id: string) => {
    const sequence = held.get(id);
    if (sequence === undefined || sequence.planned > 0) return undefined;
    free.push(sequence.slot);
    held.delete(id);
    return sequence;
  };

  const forgetOldest = () => {
    for (const id of held.keys()) {
      const forgotten = forget(id);
      if (forgotten !== undefined) return forgotten;
    }
    return undefined;
  };

  const clear = () => {
    held.clear();
    free = Array.from({ length: count }, (_, index) => count - 1 - index);
  };
  clear();

  return {
    claim: (id) => {
      let sequence = held.get(id);
      if (sequence === undefined) {
        // At most `count` sequences are sampled at one time, so that one rests where no slot is free.
        if (free.length === 0) forgetOldest();
        sequence = { id, slot: free.pop() as number, tokenIds: [], computed: 0, planned: 0 };
      }
      held.delete(id);
      held.set(id, sequence);
      return sequence;
    },
    rest: (sequence) => {
      sequence.planned = 0;
    },
    longestPrefix: (sequence, limit) => {
      let best: { from: HeldSequence; length: number } | undefined;
      for (const from of held.values()) {
        if (from === sequence) continue;
        const certain = Math.min(limit, Math.max(from.computed, from.planned));
        const length = commonPrefix(from.tokenIds, sequence.tokenIds, certain);
        if (length > (best?.length ?? 0)) best = { from, length };
      }
      return best;
    },
    forget,
    forgetOldest,
    clear,
  };
}
