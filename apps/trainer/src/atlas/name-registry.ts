import { nameWords, phrases } from './name-words.js';

/** Remembers names and words that are taken. */
export interface NameRegistry {
  /** False when the name is taken, lies inside a taken name, or holds a taken name among its words. */
  isFree(name: string): boolean;
  /** Takes a name. */
  claim(name: string): void;
  /** Takes a word that must be no name of its own but may occur inside one, such as `port`. */
  reserve(word: string): void;
}

/** An empty registry; case and accents do not count. */
export function createNameRegistry(): NameRegistry {
  const names = new Set<string>();
  const parts = new Set<string>();
  return {
    isFree: (name) => {
      const words = nameWords(name);
      return words.length > 0 && !parts.has(words.join(' ')) && !phrases(words).some((phrase) => names.has(phrase));
    },
    claim: (name) => {
      const words = nameWords(name);
      names.add(words.join(' '));
      for (const phrase of phrases(words)) parts.add(phrase);
    },
    reserve: (word) => {
      for (const part of nameWords(word)) parts.add(part);
    },
  };
}
