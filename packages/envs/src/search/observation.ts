import type { RetrievedDocument, Segment } from '@dgpo/trajectory';
import type { EpisodeTokenizer } from '../policy.js';

/** The reference form of Search-R1, without a space before the bracket. */
export const defaultDocumentTemplate = 'Doc {i}(Title: {title}) {text}\n';
export const defaultObservationPrefix = '\n\n<information>';
export const defaultObservationSuffix = '</information>\n\n';

/** A document as text: `{i}` counts from 1, `{title}` is the first line of the contents as it stands, `{text}` the rest. */
export function renderDocument(template: string, document: RetrievedDocument['document'], index: number): string {
  const [title = '', ...lines] = document.contents.split('\n');
  const values: Record<string, string> = { i: String(index + 1), title, text: lines.join('\n') };
  return template.replace(/\{(i|title|text)\}/g, (_, name: string) => values[name] ?? '');
}

/** Drops tokens at the end that leave a character unfinished. */
function dropUnfinishedCharacter(tokenizer: EpisodeTokenizer, tokenIds: number[]): number[] {
  // A UTF-8 character has at most four bytes, so at most three tokens can be its unfinished start.
  for (let dropped = 0; dropped <= 3; dropped++) {
    const kept = tokenIds.slice(0, tokenIds.length - dropped);
    if (!tokenizer.decode(kept.slice(-8)).endsWith('\uFFFD')) return kept;
  }
  return tokenIds;
}

/**
 * The observation of a search. Only prefix and suffix may hold special tokens; document text is encoded as plain text and loses
 * tokens at its end until everything fits. Null when not even prefix and suffix fit into `maxTokens`.
 */
export function encodeObservation(options: {
  documents: readonly RetrievedDocument[];
  documentTemplate: string;
  prefix: string;
  suffix: string;
  maxTokens: number;
  tokenizer: EpisodeTokenizer;
}): Segment | null {
  const { documents, documentTemplate, prefix, suffix, maxTokens, tokenizer } = options;
  const before = tokenizer.encode(prefix, { allowSpecial: true });
  const after = tokenizer.encode(suffix, { allowSpecial: true });
  const room = maxTokens - before.length - after.length;
  if (room < 0) return null;
  const text = documents
    .map(({ document }, index) => renderDocument(documentTemplate, document, index))
    .join('')
    .trim();
  const tokenIds = tokenizer.encode(text);
  if (tokenIds.length <= room) {
    return { kind: 'observation', text: `${prefix}${text}${suffix}`, tokenIds: [...before, ...tokenIds, ...after] };
  }
  const kept = dropUnfinishedCharacter(tokenizer, tokenIds.slice(0, room));
  return {
    kind: 'observation',
    text: `${prefix}${tokenizer.decode(kept)}${suffix}`,
    tokenIds: [...before, ...kept, ...after],
  };
}
