import type { RetrievedDocument, Segment } from '@dgpo/trajectory';
import { encodeObservationText, type ObservationShape } from '../episode/encode-observation-text.js';

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

/** The observation of a search, see {@link encodeObservationText}: document text is plain text and is cut to fit. */
export function encodeObservation(
  options: ObservationShape & { documents: readonly RetrievedDocument[]; documentTemplate: string },
): Segment | null {
  const { documents, documentTemplate, ...shape } = options;
  const text = documents
    .map(({ document }, index) => renderDocument(documentTemplate, document, index))
    .join('')
    .trim();
  return encodeObservationText({ ...shape, text });
}
