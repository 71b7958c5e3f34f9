import type { RetrievedDocument, Segment } from '@dgpo/trajectory';
import { encodeObservationText } from '../episode/encode-observation-text.js';
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

/**
 * The observation of a search. Only prefix and suffix may hold special tokens; document text is encoded as plain text and loses
 * tokens at its end until everything fits. Null when not even prefix and suffix fit into `maxTokens`.
 */
export function encodeObservation(options: {
  documents: readonly RetrievedDocument[];
  documentTemplate: string;
  prefix: string;
  lead?: string;
  suffix: string;
  maxTokens: number;
  tokenizer: EpisodeTokenizer;
}): Segment | null {
  const { documents, documentTemplate, ...shape } = options;
  const text = documents
    .map(({ document }, index) => renderDocument(documentTemplate, document, index))
    .join('')
    .trim();
  return encodeObservationText({ ...shape, text });
}
