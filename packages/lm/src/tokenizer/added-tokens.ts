import { ModelError } from '@dgpo/trajectory';
import { arrayAt, objectAt } from './json-checks.js';

/** An entry of `added_tokens` in a `tokenizer.json`. */
export interface AddedToken {
  id: number;
  content: string;
  /** A control token; others are vocabulary like any other, only never cut into pieces. */
  special: boolean;
  /** White space before or after it in a text belongs to it. */
  lstrip: boolean;
  rstrip: boolean;
  /** It counts only where no word goes on around it. */
  singleWord: boolean;
}

/** @throws {ModelError} naming the entry that has no content or id, or repeats another. */
export function parseAddedTokens(value: unknown): AddedToken[] {
  const contents = new Set<string>();
  const ids = new Set<number>();
  return arrayAt(value ?? [], 'added_tokens').map((entry, index) => {
    const where = `added_tokens[${index}]`;
    const token = objectAt(entry, where);
    const content = token.get('content');
    const id = token.get('id');
    if (typeof content !== 'string' || content === '') throw new ModelError(`${where}.content is no text`);
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) throw new ModelError(`${where}.id is no id`);
    if (contents.has(content) || ids.has(id))
      throw new ModelError(`${where} repeats ${JSON.stringify(content)} or its id`);
    contents.add(content);
    ids.add(id);
    const flag = (name: string) => token.get(name) === true;
    return {
      id,
      content,
      special: flag('special'),
      lstrip: flag('lstrip'),
      rstrip: flag('rstrip'),
      singleWord: flag('single_word'),
    };
  });
}

/** A stretch of text without added tokens, or the id of one. */
export type TextSection = string | number;

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const wordChar = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]`;

/** A function that cuts text at these tokens; of those that begin at one place the longest wins. */
export function createSectionSplitter(tokens: readonly AddedToken[]): (text: string) => TextSection[] {
  if (tokens.length === 0) return (text) => [text];
  const longestFirst = [...tokens].sort((a, b) => b.content.length - a.content.length);
  const alternatives = longestFirst.map(({ content, singleWord }) =>
    singleWord ? `(?<!${wordChar})${escaped(content)}(?!${wordChar})` : escaped(content),
  );
  const pattern = new RegExp(alternatives.join('|'), 'gu');
  const tokenOf = new Map(tokens.map((token) => [token.content, token]));
  return (text) => {
    const sections: TextSection[] = [];
    let end = 0;
    let strips = false;
    const before = (index: number) => {
      const section = text.slice(end, index);
      return strips ? section.trimStart() : section;
    };
    for (const match of text.matchAll(pattern)) {
      const token = tokenOf.get(match[0]);
      if (token === undefined) continue;
      const section = before(match.index);
      sections.push(token.lstrip ? section.trimEnd() : section, token.id);
      end = match.index + match[0].length;
      strips = token.rstrip;
    }
    sections.push(before(text.length));
    return sections;
  };
}
