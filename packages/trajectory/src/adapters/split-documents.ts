import type { RetrievedDocument } from '../trajectory.js';
import { asFields, type Fields, firstText, isFields } from './log-record.js';

interface Part {
  id?: string;
  /** Absent where the listing has none: then `contents` is the text alone. */
  title?: string;
  text: string;
  score?: number;
}

/**
 * The passages that a search printed, best first. Known are JSON (`[{ "document": { "contents" }, "score" }]`, `[{ "title", "text" }]`,
 * strings, also under `result`, `results`, `documents`), `Doc 1(Title: …) …` of Search-R1 and verl, `(1)title   text` of R1-Searcher,
 * `[1] …`, `===== Document 0, similarity: 0.87 =====` and `[title](address)` blocks of smolagents; other text is one passage,
 * and so is what stands before the first of them unless it is a heading. `(1)` and `[1]` after other text are footnotes of one passage.
 * `contents` is the title line and the text. Scores that the log lacks are 1, 1/2, 1/3, …, so that they keep the order.
 */
export function splitDocuments(observation: string): RetrievedDocument[] {
  const text = observation.trim();
  if (text === '') return [];
  const parts = fromJson(text) ??
    numbered(text, { first: 1, markOf: (n) => `Doc ${n}(Title: `, read: afterTitle }) ??
    numbered(text, { first: 1, markOf: (n) => `Doc ${n} (Title: `, read: afterTitle }) ??
    numbered(text, {
      first: 1,
      markOf: (n) => `(${n})`,
      read: (rest) => splitTitle(rest, /[ \t]{3}|\n/),
      isFootnote: true,
    }) ??
    numbered(text, {
      first: 1,
      markOf: (n) => `[${n}] `,
      read: (rest) => splitTitle(rest, /\n/),
      isFootnote: true,
    }) ??
    numbered(text, { first: 0, markOf: (n) => `===== Document ${n}`, read: afterRule }) ??
    linked(text) ?? [{ text }];
  return parts.map(({ id, title, text: body, score }, index) => ({
    document: { id: id ?? String(index + 1), contents: title === undefined ? body : `${title}\n${body}` },
    score: score ?? 1 / (index + 1),
  }));
}

interface Listing {
  /** The number of the first passage. */
  first: number;
  markOf: (n: number) => string;
  read: (rest: string) => Omit<Part, 'id'>;
  /** True if pages number their footnotes in the same way: then nothing but a heading may stand before the first mark. */
  isFootnote?: boolean;
}

/** Splits at marks that count up, each at the beginning of a line; null if the text has no first one. */
function numbered(text: string, { first, markOf, read, isFootnote = false }: Listing): Part[] | null {
  const find = (n: number, from: number) => {
    const mark = markOf(n);
    if (from === 0 && text.startsWith(mark)) return { at: 0, end: mark.length };
    const at = text.indexOf(`\n${mark}`, from);
    return at === -1 ? null : { at, end: at + 1 + mark.length };
  };
  const begin = find(first, 0);
  const before = leading(text.slice(0, begin?.at ?? 0));
  if (begin === null || (isFootnote && before.length > 0)) return null;
  const parts: Part[] = before;
  for (let n = first, mark: typeof begin | null = begin; mark !== null; n++) {
    const next = find(n + 1, mark.end);
    parts.push({ ...read(text.slice(mark.end, next?.at ?? text.length).trim()), id: String(n) });
    mark = next;
  }
  return parts;
}

/** What stands before the first mark, as a passage, if it is more than headings. */
function leading(before: string): Part[] {
  const text = before.trim();
  return text.split('\n').every((line) => /^(?:#.*|.*:|)$/.test(line.trim())) ? [] : [{ id: 'before', text }];
}

/** `title) text`; a title may itself hold brackets. */
function afterTitle(rest: string): Part {
  let depth = 1;
  for (let at = 0; at < rest.length && rest[at] !== '\n'; at++) {
    if (rest[at] === '(') depth += 1;
    if (rest[at] === ')') depth -= 1;
    if (depth === 0) return { title: rest.slice(0, at), text: rest.slice(at + 1).trim() };
  }
  const end = rest.indexOf(')');
  return end === -1 ? { text: rest } : { title: rest.slice(0, end), text: rest.slice(end + 1).trim() };
}

function splitTitle(rest: string, between: RegExp): Part {
  const match = between.exec(rest);
  if (match === null) return { text: rest };
  return { title: rest.slice(0, match.index).trim(), text: rest.slice(match.index + match[0].length).trim() };
}

/** `, similarity: 0.87 =====\ncontents` or ` =====\ncontents`. */
function afterRule(rest: string): Part {
  const line = rest.split('\n', 1)[0] ?? '';
  const score = /similarity: (-?[\d.]+)/.exec(line)?.[1];
  const text = rest.slice(line.length + 1).trim();
  return { text, ...(score === undefined || Number.isNaN(Number(score)) ? {} : { score: Number(score) }) };
}

/** Blocks of `[title](address)` and the lines below. */
function linked(text: string): Part[] | null {
  const parts: (Part & { title: string })[] = [];
  const before: string[] = [];
  for (const line of text.split('\n')) {
    const end = line.startsWith('[') && line.trimEnd().endsWith(')') ? line.indexOf('](') : -1;
    const last = parts.at(-1);
    if (end !== -1) parts.push({ title: line.slice(1, end), text: '' });
    else if (last !== undefined) last.text += `${line}\n`;
    else before.push(line);
  }
  if (parts.length === 0) return null;
  return [...leading(before.join('\n')), ...parts.map(({ title, text: body }) => ({ title, text: body.trim() }))];
}

const listKeys = ['result', 'results', 'documents', 'docs', 'passages', 'data'];

function fromJson(text: string): Part[] | null {
  if (!/^[[{]/.test(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const list = findList(value);
  return list === null ? null : list.flatMap(jsonPart);
}

function findList(value: unknown): unknown[] | null {
  if (Array.isArray(value)) return value.every(Array.isArray) ? value.flat() : value;
  if (!isFields(value)) return null;
  const key = listKeys.find((name) => value[name] !== undefined);
  return key === undefined ? null : findList(value[key]);
}

function jsonPart(value: unknown): Part[] {
  if (typeof value === 'string') return [{ text: value }];
  if (!isFields(value)) return [];
  const document: Fields = asFields(value.document) ?? value;
  const title = firstText(document, ['title', 'name']);
  const text = firstText(document, ['contents', 'text', 'content', 'body', 'snippet', 'passage', 'document']) ?? '';
  const id = document.id ?? document._id ?? document.docid;
  return [
    {
      text,
      ...(title === null || text.startsWith(title) || text.startsWith(`"${title}"`) ? {} : { title }),
      ...(typeof id === 'string' || typeof id === 'number' ? { id: String(id) } : {}),
      ...(typeof value.score === 'number' ? { score: value.score } : {}),
    },
  ];
}
