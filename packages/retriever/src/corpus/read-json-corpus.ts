import type { Document } from '../retriever.js';
import { type Line, type ReadLinesOptions, readLines } from './read-lines.js';
import { type CorpusFields, type RecordFields, resolveFields, toDocument } from './record-fields.js';

export interface ReadJsonCorpusOptions extends ReadLinesOptions {
  form: 'auto' | 'jsonl' | 'beir';
  fields?: CorpusFields | undefined;
}

function parseLine({ text }: Line): { value: unknown } | { problem: string; cause: unknown } {
  try {
    return { value: JSON.parse(text) };
  } catch (cause) {
    const start = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    return { problem: `expected one JSON value on this line, found: ${start}`, cause };
  }
}

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Streams the passages of a JSONL corpus. The first line with an object decides which fields are read from all of them. */
export async function* readJsonCorpus({ form, fields, ...options }: ReadJsonCorpusOptions): AsyncGenerator<Document> {
  const { path, reject } = options;
  let resolved: RecordFields | undefined;
  for await (const line of readLines(options)) {
    if (line.text.trim() === '') continue;
    const where = `${path}:${line.number}`;
    const parsed = parseLine(line);
    if ('problem' in parsed) {
      reject(where, parsed.problem, parsed.cause);
      continue;
    }
    const { value } = parsed;
    if (resolved === undefined && isRecord(value)) {
      resolved = resolveFields({ present: Object.keys(value), form, fields });
    }
    const document = toDocument(value, resolved ?? resolveFields({ present: [], form, fields }));
    if (typeof document === 'string') reject(where, document);
    else yield document;
  }
}
