import { createHash } from 'node:crypto';
import type { Document } from '../retriever.js';

/** Takes the fingerprint of a corpus while it streams past. */
export interface CorpusHasher {
  add(document: Document): void;
  /** As {@link fingerprintCorpus}; ends the work. */
  digest(): Buffer;
}

export function createCorpusHasher(): CorpusHasher {
  const hash = createHash('sha256');
  return {
    // JSON keeps the border between id and contents unambiguous.
    add: ({ id, contents }) => hash.update(`${JSON.stringify([id, contents])}\n`),
    digest: () => hash.digest(),
  };
}

/** SHA-256 (hex) over the ids and contents of a corpus, in order. */
export function fingerprintCorpus(documents: readonly Document[]): string {
  const hasher = createCorpusHasher();
  for (const document of documents) hasher.add(document);
  return hasher.digest().toString('hex');
}

/** SHA-256 (hex) over a corpus fingerprint and the settings of the index built on it. */
export function fingerprintIndex({ corpus, settings }: { corpus: string; settings: object }): string {
  return createHash('sha256').update(JSON.stringify({ corpus, settings })).digest('hex');
}
