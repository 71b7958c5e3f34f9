import { fieldsOf, type RecordPassage, textOf } from './record-passage.js';

/**
 * The passage that holds the answer of a question of one hop, as the files of NQ for retrievers have it: the first of `positive_passages`
 * (Tevatron), of `positive_ctxs` (DPR), or of those `ctxs` with `hasanswer` (FiD and DPR's results); each `{ title, text }`. Undefined if
 * there is none.
 */
export function readPositivePassages(metadata: Readonly<Record<string, unknown>>): RecordPassage[] | undefined {
  const { positive_passages, positive_ctxs, ctxs } = metadata;
  const answering = Array.isArray(ctxs)
    ? ctxs.filter((value: unknown) => {
        const { hasanswer, has_answer = hasanswer } = fieldsOf(value) ?? {};
        return has_answer === true;
      })
    : undefined;
  for (const list of [positive_passages, positive_ctxs, answering]) {
    if (!Array.isArray(list)) continue;
    for (const value of list as unknown[]) {
      const fields = fieldsOf(value);
      const text = textOf(fields?.text);
      if (text !== undefined) return [{ title: textOf(fields?.title) ?? '', text }];
    }
  }
  return undefined;
}
