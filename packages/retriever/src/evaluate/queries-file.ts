import { DatasetError, readJsonLines } from '@dgpo/trajectory';
import { z } from 'zod';
import { readTextLines } from './text-lines.js';

/** A query of a test collection. */
export interface Query {
  id: string;
  text: string;
}

const id = z.union([z.string().min(1), z.number()]).transform(String);
const querySchema: z.ZodType<Query> = z
  .object(
    { _id: id.optional(), id: id.optional(), text: z.string().optional(), question: z.string().optional() },
    { error: 'a query is an object such as {"_id": "1", "text": "…"}' },
  )
  .transform((record, context) => {
    const found = { id: record._id ?? record.id, text: record.text ?? record.question };
    if (found.id !== undefined && found.text !== undefined) return { id: found.id, text: found.text };
    context.addIssue({ code: 'custom', message: 'a query needs _id and text (BEIR) or id and question (FlashRAG)' });
    return z.NEVER;
  });

/**
 * Streams queries: BEIR `queries.jsonl` (`{"_id", "text"}`), FlashRAG JSONL (`{"id", "question"}`), or, for a name that ends in `.tsv`,
 * lines of id, tab, text as MS MARCO and ir_datasets have them.
 * @throws DatasetError that names `file:line`.
 */
export async function* readQueries(path: string): AsyncGenerator<Query> {
  if (!path.endsWith('.tsv')) {
    yield* readJsonLines(path, { schema: querySchema });
    return;
  }
  for await (const { text: line, where } of readTextLines(path)) {
    const [first = '', ...rest] = line.split('\t');
    const text = rest.join(' ').trim();
    if (first.trim() === '' || text === '') throw new DatasetError('a query is: id, tab, text', { where });
    yield { id: first.trim(), text };
  }
}

/** Reads all queries into memory. @throws DatasetError as {@link readQueries}, and when an id occurs twice or there are none. */
export async function loadQueries(path: string): Promise<Query[]> {
  const queries = new Map<string, Query>();
  for await (const query of readQueries(path)) {
    if (queries.has(query.id)) throw new DatasetError(`the query id ${query.id} occurs twice`, { where: path });
    queries.set(query.id, query);
  }
  if (queries.size === 0) throw new DatasetError('there are no queries in this file', { where: path });
  return [...queries.values()];
}
