import type { Retriever } from '@dgpo/envs';
import { createRandom } from '@dgpo/trajectory';

export interface ShuffledRetrieverOptions {
  retriever: Retriever;
  /** The corpus of the retriever: at least two documents. */
  documents: readonly { id: string; contents: string }[];
  seed: number;
}

/**
 * A control: finds as the given retriever does, then shows another document in place of each one found. A policy that reads scores no
 * better than guessing behind it; one that recalls does not notice.
 *
 * @throws RangeError if there are fewer than two documents.
 */
export function createShuffledRetriever({ retriever, documents, seed }: ShuffledRetrieverOptions): Retriever {
  if (documents.length < 2) throw new RangeError(`cannot shuffle ${documents.length} document(s)`);
  // One cycle through a random order: no document stands for itself, and none is shown for two.
  const order = createRandom(seed).split('shuffled-retriever').shuffle(documents);
  const stands = new Map(order.map(({ id }, index) => [id, order[(index + 1) % order.length]]));
  return {
    retrieve: async (options) => {
      const found = await retriever.retrieve(options);
      return found.map((list) =>
        list.map(({ document, score }) => {
          const { id, contents } = stands.get(document.id) ?? document;
          return { document: { id, contents }, score };
        }),
      );
    },
  };
}
