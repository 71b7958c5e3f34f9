import { DatasetError } from '@dgpo/trajectory';
import type { RankedDocument, Run } from './evaluate-run.js';
import { readTextLines, writeTextLines } from './text-lines.js';

/** A line of a TREC run file. */
export interface RunLine {
  queryId: string;
  documentId: string;
  score: number;
}

/** `file:line` is kept for what a loader finds out later. */
interface LocatedRunLine extends RunLine {
  where: string;
}

async function* readLocated(path: string): AsyncGenerator<LocatedRunLine> {
  for await (const { text, where } of readTextLines(path)) {
    const [queryId, , documentId, , scoreText, tag, ...more] = text.trim().split(/\s+/);
    const score = Number(scoreText);
    if (queryId === undefined || documentId === undefined || tag === undefined || more.length > 0) {
      throw new DatasetError('a line of a run is: query-id Q0 document-id rank score tag', { where });
    }
    if (!Number.isFinite(score)) {
      throw new DatasetError(`the score must be a finite number, not ${JSON.stringify(scoreText)}`, { where });
    }
    yield { queryId, documentId, score, where };
  }
}

/**
 * Streams a TREC run file (`qid Q0 docid rank score tag`, white space between). Ranks are not read: like trec_eval, the scores decide.
 * @throws DatasetError that names `file:line`.
 */
export async function* readRun(path: string): AsyncGenerator<RunLine> {
  for await (const { queryId, documentId, score } of readLocated(path)) yield { queryId, documentId, score };
}

/** Reads a whole run into memory. @throws DatasetError as {@link readRun}, and when a document occurs twice for a query. */
export async function loadRun(path: string): Promise<Map<string, RankedDocument[]>> {
  const run = new Map<string, Map<string, number>>();
  for await (const { queryId, documentId, score, where } of readLocated(path)) {
    const ranking = run.get(queryId) ?? new Map<string, number>();
    if (ranking.has(documentId)) {
      throw new DatasetError(`document ${documentId} occurs twice for query ${queryId}`, { where });
    }
    run.set(queryId, ranking.set(documentId, score));
  }
  return new Map([...run].map(([queryId, ranking]) => [queryId, [...ranking].map(([id, score]) => ({ id, score }))]));
}

/** @throws DatasetError for an id that a file of columns cannot hold. */
export function requireColumn(id: string, path: string): string {
  if (id === '' || /\s/.test(id)) {
    throw new DatasetError(`the id ${JSON.stringify(id)} is empty or has white space; this format cannot hold it`, {
      where: path,
    });
  }
  return id;
}

/**
 * Writes a TREC run file that trec_eval reads; each ranking in the order given, scores in full precision.
 * @throws DatasetError for ids or a tag with white space and when the file cannot be written.
 */
export async function writeRun({ path, run, tag = 'dgpo' }: { path: string; run: Run; tag?: string }): Promise<void> {
  function* lines(): Generator<string> {
    const name = requireColumn(tag, path);
    for (const [queryId, ranking] of run) {
      for (const [position, { id, score }] of ranking.entries()) {
        yield `${requireColumn(queryId, path)} Q0 ${requireColumn(id, path)} ${position + 1} ${score} ${name}`;
      }
    }
  }
  await writeTextLines(path, lines());
}
