import { RetrieverError } from '@dgpo/trajectory';
import type { Retriever } from '../retriever.js';
import { renderDocument } from '../search/observation.js';
import { refusalOf } from '../search/refusal-of.js';
import type { CodeTool } from './code-interpreter.js';

/**
 * `search(query)` over a retriever: the passages as one text. A retriever that fails has failed as the world, not as the code: its error
 * ends the episode. One that refuses the query, as it is too long, has not failed: the code gets the reason as an error.
 */
export function createSearchTool(options: {
  retriever: Retriever;
  /** Passages per search. @default 3 */
  topK?: number;
  /** With `{i}`, `{title}` and `{text}`. @default 'Doc {i}(Title: {title}) {text}\n' */
  documentTemplate?: string;
}): CodeTool {
  const { retriever, topK = 3, documentTemplate = 'Doc {i}(Title: {title}) {text}\n' } = options;
  return {
    name: 'search',
    description: 'looks a query up and gives the passages that match it best, as text',
    parameters: ['query'],
    async run({ arguments: { query }, signal }) {
      if (typeof query !== 'string' || query.trim() === '') throw new TypeError('search takes a query as text');
      let found: Awaited<ReturnType<Retriever['retrieve']>>;
      try {
        found = await retriever.retrieve({ queries: [query], topK, signal });
      } catch (cause) {
        const refusal = refusalOf(cause);
        if (refusal !== undefined) throw new RangeError(refusal);
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new RetrieverError(message, { where: 'search', cause });
      }
      return (found[0] ?? [])
        .slice(0, topK)
        .map(({ document }, index) => renderDocument(documentTemplate, document, index))
        .join('');
    },
  };
}
