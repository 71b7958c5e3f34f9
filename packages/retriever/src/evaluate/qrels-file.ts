import { DatasetError } from '@dgpo/trajectory';
import type { Qrels } from './evaluate-run.js';
import { requireColumn } from './run-file.js';
import { readTextLines, writeTextLines } from './text-lines.js';

/** One judgement. */
export interface Judgement {
  queryId: string;
  documentId: string;
  /** 1 or more: relevant, and how much; 0 or less: not. */
  relevance: number;
}

interface LocatedJudgement extends Judgement {
  where: string;
}

async function* readLocated(path: string): AsyncGenerator<LocatedJudgement> {
  let first = true;
  for await (const { text, where } of readTextLines(path)) {
    // The header of BEIR and of its kin ends in a word (score) instead of a number.
    const cells = text.trim().split(/\s+/);
    const isHeader = first && Number.isNaN(Number(cells.at(-1)));
    first = false;
    if (isHeader) continue;
    const [queryId, documentId, relevanceText] = cells.length === 4 ? [cells[0], cells[2], cells[3]] : cells;
    if (queryId === undefined || documentId === undefined || relevanceText === undefined || cells.length > 4) {
      throw new DatasetError(
        'a judgement is: query-id 0 document-id relevance (TREC), or query-id, corpus-id, score (BEIR)',
        { where },
      );
    }
    const relevance = Number(relevanceText);
    if (!Number.isInteger(relevance)) {
      throw new DatasetError(`the relevance must be an integer, not ${JSON.stringify(relevanceText)}`, { where });
    }
    yield { queryId, documentId, relevance, where };
  }
}

/**
 * Streams judgements: TREC qrels (`qid 0 docid rel`) or BEIR `qrels/*.tsv` (header, then `query-id corpus-id score`), told apart by
 * the number of columns.
 * @throws DatasetError that names `file:line`.
 */
export async function* readQrels(path: string): AsyncGenerator<Judgement> {
  for await (const { queryId, documentId, relevance } of readLocated(path)) yield { queryId, documentId, relevance };
}

/** Reads all judgements into memory. @throws DatasetError as {@link readQrels}, when a document is judged twice and when there are none. */
export async function loadQrels(path: string): Promise<Map<string, Map<string, number>>> {
  const qrels = new Map<string, Map<string, number>>();
  for await (const { queryId, documentId, relevance, where } of readLocated(path)) {
    const judgements = qrels.get(queryId) ?? new Map<string, number>();
    if (judgements.has(documentId)) {
      throw new DatasetError(`document ${documentId} is judged twice for query ${queryId}`, { where });
    }
    qrels.set(queryId, judgements.set(documentId, relevance));
  }
  if (qrels.size === 0) throw new DatasetError('there are no judgements in this file', { where: path });
  return qrels;
}

/** Writes TREC qrels. @throws DatasetError for ids with white space and when the file cannot be written. */
export async function writeQrels({ path, qrels }: { path: string; qrels: Qrels }): Promise<void> {
  function* lines(): Generator<string> {
    for (const [queryId, judgements] of qrels) {
      for (const [documentId, relevance] of judgements) {
        yield `${requireColumn(queryId, path)} 0 ${requireColumn(documentId, path)} ${relevance}`;
      }
    }
  }
  await writeTextLines(path, lines());
}
