import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** The state of a {@link Random}, as plain numbers that survive JSON. */
export type RandomState = readonly number[];

/** A seeded generator. Nothing that affects results may draw from anywhere else. */
export interface Random {
  /** A float in [0, 1) with 32 bits of randomness. */
  next(): number;
  /** An integer in [0, bound). */
  integer(bound: number): number;
  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T;
  /** A new list with the same elements in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** A draw from the standard normal distribution (Box-Muller). */
  normal(): number;
  /**
   * An independent generator named by strings or numbers. It depends on the seed and the names alone, not on what was drawn
   * before, so work can be reordered or spread over workers without changing a byte.
   */
  split(...names: readonly (string | number)[]): Random;
  /** The current state, to continue later with {@link restoreRandom}. */
  state(): RandomState;
}

/** The avalanche of MurmurHash3 (fmix32): every bit of the input changes half of the output. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** 32-bit FNV-1a with a final avalanche. */
function hash(text: string, basis: number): number {
  let value = (2166136261 ^ basis) >>> 0;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 16777619) >>> 0;
  }
  return mix(value);
}

function fromGenerator(seed: number, generator: ReturnType<typeof xoroshiro128plusFromState>): Random {
  const next = () => (generator.next() >>> 0) / 4294967296;
  const integer = (bound: number) => Math.floor(next() * bound);
  return {
    next,
    integer,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new RangeError('pick: the list is empty');
      return items[integer(items.length)] as T;
    },
    shuffle<T>(items: readonly T[]): T[] {
      const result = [...items];
      for (let last = result.length - 1; last > 0; last--) {
        const other = integer(last + 1);
        [result[last], result[other]] = [result[other] as T, result[last] as T];
      }
      return result;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    split: (...names) => createRandom(hash(names.map((name) => `${typeof name}:${name}`).join('\u0000'), seed)),
    state: () => [seed, ...generator.getState()],
  };
}

/** A generator from a 32-bit seed (xoroshiro128+ of `pure-rand`). */
export function createRandom(seed: number): Random {
  // pure-rand's own seeding leaves the state nearly constant for small seeds: its first number is then always just below 1.
  const state = [1, 2, 3, 4].map((word) => mix((seed + Math.imul(word, 0x9e3779b9)) | 0));
  return fromGenerator(seed >>> 0, xoroshiro128plusFromState(state));
}

/** Continues a generator from {@link Random.state}. */
export function restoreRandom(state: RandomState): Random {
  const [seed = 0, ...generatorState] = state;
  return fromGenerator(seed, xoroshiro128plusFromState(generatorState));
}
