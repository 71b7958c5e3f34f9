import { createHash } from 'node:crypto';
import type { Document } from '../retriever.js';

/** SHA-256 (hex) over the ids and contents of a corpus, in order. */
export function fingerprintCorpus(documents: readonly Document[]): string {
  const hash = createHash('sha256');
  // JSON keeps the border between id and contents unambiguous.
  for (const { id, contents } of documents) hash.update(`${JSON.stringify([id, contents])}\n`);
  return hash.digest('hex');
}

/** SHA-256 (hex) over a corpus fingerprint and the settings of the index built on it. */
export function fingerprintIndex({ corpus, settings }: { corpus: string; settings: object }): string {
  return createHash('sha256').update(JSON.stringify({ corpus, settings })).digest('hex');
}
