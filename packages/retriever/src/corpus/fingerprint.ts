import { createHash } from 'node:crypto';
import type { Document } from '../retriever.js';

/** Takes passages one by one and gives the {@link fingerprintCorpus} of them all. */
export function createCorpusHash(): { add(document: Document): void; digest(): string } {
  const hash = createHash('sha256');
  return {
    // JSON keeps the border between id and contents unambiguous.
    add({ id, contents }) {
      hash.update(`${JSON.stringify([id, contents])}\n`);
    },
    digest: () => hash.digest('hex'),
  };
}

/** SHA-256 (hex) over the ids and contents of a corpus, in order. */
export function fingerprintCorpus(documents: Iterable<Document>): string {
  const hash = createCorpusHash();
  for (const document of documents) hash.add(document);
  return hash.digest();
}

/** SHA-256 (hex) over a corpus fingerprint and the settings of the index built on it. */
export function fingerprintIndex({ corpus, settings }: { corpus: string; settings: object }): string {
  return createHash('sha256').update(JSON.stringify({ corpus, settings })).digest('hex');
}
