import type { Document } from '../retriever.js';

/** The passages used last, by position. */
export interface DocumentCache {
  get(position: number): Document | undefined;
  set(position: number, document: Document): void;
}

/** Keeps passages of `maxLetters` letters together at most, the one used longest ago going first. */
export function createDocumentCache(maxLetters: number): DocumentCache {
  // A map keeps the order in which its keys were set.
  const documents = new Map<number, Document>();
  let letters = 0;
  const lettersOf = ({ id, contents }: Document) => id.length + contents.length;
  const remove = (position: number) => {
    const document = documents.get(position);
    if (document === undefined) return undefined;
    documents.delete(position);
    letters -= lettersOf(document);
    return document;
  };
  return {
    get(position) {
      const document = remove(position);
      if (document === undefined) return undefined;
      documents.set(position, document);
      letters += lettersOf(document);
      return document;
    },
    set(position, document) {
      remove(position);
      documents.set(position, document);
      letters += lettersOf(document);
      for (const oldest of documents.keys()) {
        if (letters <= maxLetters) break;
        remove(oldest);
      }
    },
  };
}
