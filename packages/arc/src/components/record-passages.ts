import { supportingTitles, type Task } from '@dgpo/trajectory';
import { titleKey } from '../metrics/passage-title.js';
import { readContext } from './records/read-context.js';
import { readParagraphs } from './records/read-paragraphs.js';
import { readPositivePassages } from './records/read-positive-passages.js';
import type { RecordPassage } from './records/record-passage.js';

/**
 * The gold passages that the record of a task brings along in its metadata, title on the first line, then the text; empty if it brings
 * none. Nothing but the record is read, so no corpus is needed:
 *
 * - HotpotQA and 2WikiMultihopQA: the passages of `context` whose titles `supporting_facts` names, as the original files have them and as
 *   FlashRAG has them; empty if one of the titles is missing, since half of the evidence would measure something else
 * - MuSiQue: the `paragraphs` with `is_supporting`, in the order of the hops where `question_decomposition` gives one
 * - NQ (and other sets of DPR, Tevatron, FiD): the first of `positive_passages`, `positive_ctxs` or of those `ctxs` that have the answer
 */
export function recordPassages(task: Task): string[] {
  const metadata = task.metadata ?? {};
  return (readSupported(task, metadata) ?? readParagraphs(metadata) ?? readPositivePassages(metadata) ?? []).map(
    ({ title, text }) => (title === '' ? text : `${title}\n${text}`),
  );
}

function readSupported(task: Task, metadata: Readonly<Record<string, unknown>>): RecordPassage[] | undefined {
  const context = readContext(metadata.context);
  const titles = supportingTitles(task);
  if (context === undefined || titles.length === 0) return undefined;
  const byTitle = new Map(context.map((passage) => [titleKey(passage.title), passage]));
  const found = titles.flatMap((title) => byTitle.get(titleKey(title)) ?? []);
  return found.length === titles.length ? found : [];
}
