import type { CountTokens } from './count-tokens.js';
import { type Atom, breakBefore, splitParagraph } from './text-atoms.js';

export interface Chunker {
  /** Takes one paragraph; returns the chunks that are complete with it. */
  push(paragraph: string): string[];
  /** Ends the text: returns what is left, and the next paragraph begins a new text. */
  finish(): string[];
}

const costOf = (atoms: readonly Atom[]) => atoms.reduce((sum, { cost }) => sum + cost, 0);

const joinAtoms = (atoms: readonly Atom[]) =>
  atoms.map(({ gap, text }, index) => (index === 0 ? text : gap + text)).join('');

/** Where to end a chunk among `atoms`, of which those up to `limit` fit: at the best break that leaves it at least half full. */
function chooseEnd(atoms: readonly Atom[], { fresh, limit, size }: { fresh: number; limit: number; size: number }) {
  let best = limit;
  let used = costOf(atoms.slice(0, limit));
  for (let end = limit; end > fresh && used * 2 >= size; end--) {
    if ((atoms[end]?.break ?? 0) > (atoms[best]?.break ?? 0)) best = end;
    used -= atoms[end - 1]?.cost ?? 0;
  }
  return best;
}

/** Where the overlap with the next chunk begins: the first sentence that fits whole, else the first word. */
function chooseOverlap(atoms: readonly Atom[], { end, overlap, size }: { end: number; overlap: number; size: number }) {
  let word = end;
  let sentence = end;
  let used = 0;
  for (let start = end - 1; start > 0; start--) {
    used += atoms[start]?.cost ?? 0;
    // Whatever comes next must fit behind the overlap.
    if (used > overlap || used + (atoms[end]?.cost ?? 0) > size) break;
    const kind = atoms[start]?.break ?? 0;
    if (kind >= breakBefore.word) word = start;
    if (kind >= breakBefore.sentence) sentence = start;
  }
  return sentence < end ? sentence : word;
}

/**
 * Cuts a text into chunks of at most `size` units, paragraph after paragraph in bounded memory. A chunk ends after a paragraph where
 * that leaves it at least half full, else after a sentence, else after a word; only words longer than a chunk are torn. Each
 * chunk begins with at most `overlap` units from the end of the one before: whole sentences if any fit, else whole words.
 * White space inside a chunk is kept, except that paragraphs are always one blank line apart.
 */
export function createChunker({
  size,
  overlap,
  count,
}: {
  size: number;
  overlap: number;
  count: CountTokens;
}): Chunker {
  /** The overlap from the last chunk, then what no chunk has had yet. */
  let atoms: Atom[] = [];
  /** Index of the first atom that no chunk has had. */
  let fresh = 0;
  let waiting = 0;

  const cut = (): string => {
    let limit = 0;
    for (let used = 0; limit < atoms.length; limit++) {
      used += atoms[limit]?.cost ?? 0;
      if (used > size && limit > fresh) break;
    }
    let end = limit < atoms.length ? chooseEnd(atoms, { fresh, limit, size }) : limit;
    let start = 0;
    let text = joinAtoms(atoms.slice(start, end));
    // Tokens of a whole can be more than those of its parts.
    while (count(text) > size && (end > fresh + 1 || start < fresh)) {
      if (end > fresh + 1) end--;
      else start++;
      text = joinAtoms(atoms.slice(start, end));
    }
    const next = end < atoms.length ? Math.max(chooseOverlap(atoms, { end, overlap, size }), start) : end;
    atoms = atoms.slice(next);
    fresh = end - next;
    waiting = costOf(atoms);
    return text;
  };

  return {
    push(paragraph) {
      const chunks: string[] = [];
      for (const atom of splitParagraph(paragraph, size, count)) {
        // Nothing stands before the first word of a text.
        const cost = atoms.length === 0 ? count(atom.text) : atom.cost;
        atoms.push({ ...atom, cost });
        waiting += cost;
        if (waiting > size) chunks.push(cut());
      }
      return chunks;
    },
    finish() {
      const chunks: string[] = [];
      while (fresh < atoms.length) chunks.push(cut());
      atoms = [];
      fresh = 0;
      waiting = 0;
      return chunks;
    },
  };
}
