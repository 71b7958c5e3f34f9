import { fieldsOf, type RecordPassage, textOf } from './record-passage.js';

/**
 * The supporting `paragraphs` of MuSiQue, `{ idx, title, paragraph_text, is_supporting }`, each once, in the order in which
 * `question_decomposition` needs them (`paragraph_support_idx`), else in the order of the record. Undefined if there are none.
 */
export function readParagraphs(metadata: Readonly<Record<string, unknown>>): RecordPassage[] | undefined {
  if (!Array.isArray(metadata.paragraphs)) return undefined;
  const supporting = metadata.paragraphs.flatMap((value: unknown, place) => {
    const fields = fieldsOf(value);
    const text = textOf(fields?.paragraph_text);
    if (fields?.is_supporting !== true || text === undefined) return [];
    return [{ index: fields.idx ?? place, passage: { title: textOf(fields.title) ?? '', text } }];
  });
  if (supporting.length === 0) return undefined;
  const steps: unknown[] = Array.isArray(metadata.question_decomposition) ? metadata.question_decomposition : [];
  const order = steps.map((step) => fieldsOf(step)?.paragraph_support_idx);
  const placeOf = (index: unknown) => (order.includes(index) ? order.indexOf(index) : order.length);
  return supporting.sort((a, b) => placeOf(a.index) - placeOf(b.index)).map(({ passage }) => passage);
}
