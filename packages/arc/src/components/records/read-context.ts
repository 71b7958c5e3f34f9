import { fieldsOf, type RecordPassage } from './record-passage.js';

/** Sentences of HotpotQA keep the blank before them, those of 2WikiMultihopQA do not. */
const joinSentences = (sentences: readonly string[]) => sentences.join(' ').replace(/ {2,}/g, ' ').trim();

/**
 * The passages of `context`: `[[title, [sentence, …]], …]` in the original files of HotpotQA and 2WikiMultihopQA,
 * `{ title: […], sentences: [[…], …] }` in FlashRAG's of HotpotQA, with `content` for `sentences` in its 2WikiMultihopQA. Undefined if it
 * is none of these.
 */
export function readContext(context: unknown): RecordPassage[] | undefined {
  const fields = fieldsOf(context);
  const bodies = fields?.sentences ?? fields?.content;
  const pairs: unknown[] | undefined = Array.isArray(context)
    ? context
    : Array.isArray(fields?.title) && Array.isArray(bodies)
      ? fields.title.map((title, index): unknown => [title, bodies[index]])
      : undefined;
  const passages = pairs?.flatMap((pair) => readPair(pair) ?? []);
  return passages === undefined || passages.length === 0 ? undefined : passages;
}

function readPair(pair: unknown): RecordPassage | undefined {
  if (!Array.isArray(pair)) return undefined;
  const [title, body] = pair as unknown[];
  const sentences = typeof body === 'string' ? [body] : body;
  if (typeof title !== 'string' || !Array.isArray(sentences)) return undefined;
  return { title, text: joinSentences(sentences.filter((sentence) => typeof sentence === 'string')) };
}
