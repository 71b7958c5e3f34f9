/** Characters that make up more than a hundredth of a text of this length are no start of a match. */
const popularFrom = 200;

function placesOf(characters: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [index, character] of characters.entries()) {
    const list = places.get(character);
    if (list === undefined) places.set(character, [index]);
    else list.push(index);
  }
  if (characters.length >= popularFrom) {
    const limit = Math.floor(characters.length / 100) + 1;
    for (const [character, list] of places) if (list.length > limit) places.delete(character);
  }
  return places;
}

/**
 * Number of characters in the matching blocks of two texts: the longest common substring, then the same to its left and to its
 * right (Ratcliff and Obershelp, "Pattern Matching: The Gestalt Approach", 1988), as Python's `difflib.SequenceMatcher` finds them:
 * of equally long blocks the first one, and characters that are frequent in a long second text only extend a block.
 */
export function matchingCharacters(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  const places = placesOf(b);
  const pending: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  let total = 0;
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    const [aLow, aHigh, bLow, bHigh] = range;
    let [aBest, bBest, size] = [aLow, bLow, 0];
    let lengths = new Map<number, number>();
    for (let i = aLow; i < aHigh; i++) {
      const next = new Map<number, number>();
      for (const j of places.get(a[i] as string) ?? []) {
        if (j < bLow) continue;
        if (j >= bHigh) break;
        const length = (lengths.get(j - 1) ?? 0) + 1;
        next.set(j, length);
        if (length > size) [aBest, bBest, size] = [i - length + 1, j - length + 1, length];
      }
      lengths = next;
    }
    while (aBest > aLow && bBest > bLow && a[aBest - 1] === b[bBest - 1]) {
      aBest--;
      bBest--;
      size++;
    }
    while (aBest + size < aHigh && bBest + size < bHigh && a[aBest + size] === b[bBest + size]) size++;
    if (size === 0) continue;
    total += size;
    pending.push([aLow, aBest, bLow, bBest], [aBest + size, aHigh, bBest + size, bHigh]);
  }
  return total;
}
