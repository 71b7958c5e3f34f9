import type { Document } from '../retriever.js';

/** Names of the fields (JSONL) or columns (parquet) that a passage is read from. */
export interface CorpusFields {
  /** @default 'id', or '_id' where there is no 'id' */
  id?: string;
  /** Title line and text in one. @default 'contents' */
  contents?: string;
  /** Used where there are no contents. @default 'title' */
  title?: string;
  /** Used where there are no contents. @default 'text' */
  text?: string;
}

/** Where the parts of a passage lie in a record. */
export type RecordFields = { id: string } & ({ contents: string } | { title: string; text: string });

/**
 * Which fields to read: contents (`{"id", "contents"}`, FlashRAG and Search-R1) or title and text (`{"_id", "title", "text"}`, BEIR).
 * In form `auto` the fields that are present decide, and contents come first.
 */
export function resolveFields({
  present,
  form,
  fields = {},
}: {
  present: readonly string[];
  form: 'auto' | 'jsonl' | 'beir';
  fields?: CorpusFields | undefined;
}): RecordFields {
  const ids = form === 'beir' ? ['_id', 'id'] : ['id', '_id'];
  const id = fields.id ?? ids.find((name) => present.includes(name)) ?? 'id';
  const { contents = 'contents', title = 'title', text = 'text' } = fields;
  const asksForText = fields.contents === undefined && fields.text !== undefined;
  const hasOnlyText = !present.includes(contents) && present.includes(text);
  const separate = form === 'beir' || (form === 'auto' && (asksForText || hasOnlyText));
  return separate ? { id, title, text } : { id, contents };
}

/** A title on its own line in double quotes, then the text, as Search-R1's corpora have it and `splitTitle` takes apart. */
export function joinTitle(title: string, text: string): string {
  return `"${title.replace(/\s+/g, ' ').trim()}"\n${text}`;
}

/** The passage in a record, or what is wrong with it. A numeric id becomes a string. */
export function toDocument(record: unknown, fields: RecordFields): Document | string {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return 'a passage is an object such as {"id": "0", "contents": "Title\\ntext"}';
  }
  const member = (name: string): unknown => (Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined);
  const id = member(fields.id);
  if ((typeof id !== 'string' && typeof id !== 'number' && typeof id !== 'bigint') || id === '') {
    return `every passage needs an ${fields.id} (a string or a number)`;
  }
  if ('contents' in fields) {
    const contents = member(fields.contents);
    if (typeof contents !== 'string') {
      return `every passage needs ${fields.contents} (a string: title on the first line, then the text)`;
    }
    return contents.trim() === '' ? 'this passage is empty' : { id: String(id), contents };
  }
  const title = member(fields.title) ?? '';
  const text = member(fields.text);
  if (typeof title !== 'string') return `the ${fields.title} of a passage is a string`;
  if (typeof text !== 'string') return `every passage needs ${fields.text} (a string)`;
  if (`${title}${text}`.trim() === '') return 'this passage is empty';
  return { id: String(id), contents: joinTitle(title, text) };
}
