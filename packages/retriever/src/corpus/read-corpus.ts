import { DatasetError, readJsonLines } from '@dgpo/trajectory';
import { z } from 'zod';
import type { Document } from '../retriever.js';

export interface ReadCorpusOptions {
  /** A JSONL file with one `{"id", "contents"}` a line, as FlashRAG and Search-R1 use it. Other fields are ignored. */
  path: string;
}

const documentSchema: z.ZodType<Document> = z.object(
  {
    id: z
      .union([z.string().min(1), z.number()], { error: 'every passage needs an id (a string or a number)' })
      .transform(String),
    contents: z
      .string({ error: 'every passage needs contents (a string: title on the first line, then the text)' })
      .refine((contents) => contents.trim() !== '', { error: 'this passage is empty' }),
  },
  { error: 'a passage is an object such as {"id": "0", "contents": "Title\\ntext"}' },
);

/**
 * Streams the passages of a corpus. Blank lines are skipped; a numeric id becomes a string.
 * @throws DatasetError that names `file:line` for a malformed line or one without `id` or `contents`, and for a missing file.
 */
export function readCorpus({ path }: ReadCorpusOptions): AsyncGenerator<Document> {
  return readJsonLines(path, { schema: documentSchema });
}

/**
 * Reads a whole corpus into memory.
 * @throws DatasetError as {@link readCorpus}, and when an id occurs twice or there is no passage at all.
 */
export async function loadCorpus({ path }: ReadCorpusOptions): Promise<Document[]> {
  const documents: Document[] = [];
  const ids = new Set<string>();
  for await (const document of readCorpus({ path })) {
    if (ids.has(document.id)) {
      throw new DatasetError(`the id ${JSON.stringify(document.id)} occurs twice; ids must be unique`, { where: path });
    }
    ids.add(document.id);
    documents.push(document);
  }
  if (documents.length === 0) throw new DatasetError('the corpus has no passages', { where: path });
  return documents;
}
