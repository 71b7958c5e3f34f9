import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ConfigError, DatasetError, type RetrievedDocument } from '@dgpo/trajectory';
import { z } from 'zod';
import type { IndexedRetriever, Retriever } from '../retriever.js';

const recordSchema = z.object({
  key: z.string(),
  source: z.string(),
  query: z.string(),
  topK: z.int().positive(),
  documents: z.array(z.object({ document: z.object({ id: z.string(), contents: z.string() }), score: z.number() })),
});

/** One line of a file of recorded answers. */
export type AnswerRecord = z.infer<typeof recordSchema>;

/** A retriever that can say what it searches, as indexes and clients do. */
export type NamedRetriever = Retriever & Partial<Pick<IndexedRetriever, 'fingerprint'>> & { readonly url?: string };

/** SHA-256 (hex) of what an answer depends on. */
export function answerKey({ source, query, topK }: Pick<AnswerRecord, 'source' | 'query' | 'topK'>): string {
  return createHash('sha256')
    .update(JSON.stringify([source, query, topK]))
    .digest('hex');
}

/** What the answers come from. @throws ConfigError when the retriever does not say and nothing is given. */
export function sourceOf(retriever: NamedRetriever, given: string | undefined): string {
  const source = given ?? retriever.fingerprint ?? retriever.url;
  if (source === undefined) {
    throw new ConfigError('this retriever has neither fingerprint nor url: name what it searches', { where: 'source' });
  }
  return source;
}

function readLine(line: string): AnswerRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'expected JSON';
  }
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) return `${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`;
  return parsed.data.key === answerKey(parsed.data) ? parsed.data : 'key is not the SHA-256 of source, query and topK';
}

/** Lines with their numbers; `isLast` marks one without a newline at its end. Split at \n alone: JSON may hold U+2028. */
async function* linesOf(path: string): AsyncGenerator<{ line: string; number: number; isLast: boolean }> {
  let rest = '';
  let number = 0;
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield { line, number: ++number, isLast: false };
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
    throw new DatasetError(`cannot be read (${cause instanceof Error ? cause.message : cause})`, {
      where: path,
      cause,
    });
  }
  if (rest !== '') yield { line: rest, number: ++number, isLast: true };
}

/**
 * Streams recorded answers, the first of each key; no file has none. A last line that a crash has torn is left out with a notice.
 * @throws DatasetError naming file and line for any other line that is not a record, and for a file that cannot be read.
 */
export async function* readAnswers(path: string, logger: (message: string) => void): AsyncGenerator<AnswerRecord> {
  const seen = new Set<string>();
  for await (const { line, number, isLast } of linesOf(path)) {
    if (line === '') continue;
    const record = readLine(line);
    const where = `${path}:${number}`;
    if (typeof record !== 'string') {
      if (!seen.has(record.key)) yield record;
      seen.add(record.key);
    } else if (isLast) logger(`${where}: the last line is torn, as a crash leaves it; ignored`);
    else throw new DatasetError(`not a recorded answer (${record})`, { where });
  }
}

/** The passages of a record, which its reader may change. */
export const documentsOf = ({ documents }: Pick<AnswerRecord, 'documents'>): RetrievedDocument[] =>
  documents.map(({ document, score }) => ({ document: { ...document }, score }));
