const size = 624;
const middle = 397;

/** 32-bit numbers of the Mersenne Twister MT19937, seeded as Python's `random.seed` does for a small integer. */
function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(size);
  const at = (index: number) => state[index % size] as number;
  state[0] = 19650218;
  for (let i = 1; i < size; i++) state[i] = Math.imul(1812433253, at(i - 1) ^ (at(i - 1) >>> 30)) + i;
  // An array of one number as the key: init_by_array of the reference implementation.
  let index = 1;
  const mixWith = (factor: number, added: (index: number) => number) => {
    const previous = at(index - 1);
    state[index] = (at(index) ^ Math.imul(previous ^ (previous >>> 30), factor)) + added(index);
    index++;
    if (index === size) {
      state[0] = at(size - 1);
      index = 1;
    }
  };
  for (let count = 0; count < size; count++) mixWith(1664525, () => seed);
  for (let count = 1; count < size; count++) mixWith(1566083941, (place) => -place);
  state[0] = 0x80000000;

  let next = size;
  return () => {
    if (next === size) {
      for (let i = 0; i < size; i++) {
        const joined = (at(i) & 0x80000000) | (at(i + 1) & 0x7fffffff);
        state[i] = at(i + middle) ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
      }
      next = 0;
    }
    let word = at(next++);
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  };
}

/**
 * A new list in the order that Python's `random.seed(seed); random.shuffle(items)` gives (Matsumoto and Nishimura, "Mersenne Twister",
 * 1998; CPython's `random.py` since 3.2), to meet orders that were made with it.
 *
 * @param options.seed an integer from 0 to 2³² - 1
 */
export function pythonShuffle<T>(items: readonly T[], { seed }: { seed: number }): T[] {
  const draw = mersenneTwister(seed);
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const shift = Math.clz32(last + 1);
    let other = draw() >>> shift;
    while (other > last) other = draw() >>> shift;
    [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
  }
  return shuffled;
}
