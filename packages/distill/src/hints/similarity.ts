/** How alike two texts are, from 0 (nothing in common) to 1 (equal). */
export type Similarity = (text: string, other: string) => number;

/** From this length on, characters that fill more than a hundredth of a text are no anchors of a match. */
const popularLength = 200;

/** Where each character stands, without those that are too popular to be anchors. */
function anchorsOf(characters: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [index, character] of characters.entries()) {
    const known = places.get(character);
    if (known === undefined) places.set(character, [index]);
    else known.push(index);
  }
  const most = Math.floor(characters.length / 100) + 1;
  if (characters.length >= popularLength) {
    for (const [character, indices] of places) if (indices.length > most) places.delete(character);
  }
  return places;
}

/** Number of characters in common: the longest common block, then the same left and right of it. */
function matchingCharacters(left: readonly string[], right: readonly string[]): number {
  const anchors = anchorsOf(right);
  let total = 0;
  const open = [{ leftStart: 0, leftEnd: left.length, rightStart: 0, rightEnd: right.length }];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const { leftStart, leftEnd, rightStart, rightEnd } = span;
    let best = { left: leftStart, right: rightStart, size: 0 };
    // Length of the block that ends at each place of `right`, for the last character of `left`.
    let before = new Map<number, number>();
    for (let i = leftStart; i < leftEnd; i++) {
      const current = new Map<number, number>();
      for (const j of anchors.get(left[i] ?? '') ?? []) {
        if (j < rightStart) continue;
        if (j >= rightEnd) break;
        const size = (before.get(j - 1) ?? 0) + 1;
        current.set(j, size);
        if (size > best.size) best = { left: i - size + 1, right: j - size + 1, size };
      }
      before = current;
    }
    // Popular characters still belong to the block that they touch.
    while (best.left > leftStart && best.right > rightStart && left[best.left - 1] === right[best.right - 1]) {
      best = { left: best.left - 1, right: best.right - 1, size: best.size + 1 };
    }
    while (
      best.left + best.size < leftEnd &&
      best.right + best.size < rightEnd &&
      left[best.left + best.size] === right[best.right + best.size]
    ) {
      best = { ...best, size: best.size + 1 };
    }
    if (best.size === 0) continue;
    total += best.size;
    open.push({ leftStart, leftEnd: best.left, rightStart, rightEnd: best.right });
    open.push({ leftStart: best.left + best.size, leftEnd, rightStart: best.right + best.size, rightEnd });
  }
  return total;
}

/**
 * Twice the characters in common over all characters, by Ratcliff and Obershelp. It depends on the order of the texts. Source: `ratio()`
 * of Python's `difflib.SequenceMatcher(None, text, other)`, its treatment of popular characters included.
 */
export const ratcliffObershelp: Similarity = (text, other) => {
  const left = Array.from(text);
  const right = Array.from(other);
  const length = left.length + right.length;
  return length === 0 ? 1 : (2 * matchingCharacters(left, right)) / length;
};

/** 1 − the edits (insertion, deletion, substitution of a character) that make one text the other over the length of the longer one. */
export const levenshteinSimilarity: Similarity = (text, other) => {
  const left = Array.from(text);
  const right = Array.from(other);
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [i, character] of left.entries()) {
    const next = [i + 1];
    for (const [j, opposite] of right.entries()) {
      const substituted = (row[j] ?? 0) + (character === opposite ? 0 : 1);
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  const longest = Math.max(left.length, right.length);
  return longest === 0 ? 1 : 1 - (row[right.length] ?? 0) / longest;
};
