import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { mergeTrees, type RawRecipe } from './expand-method.js';

/** One file of a recipe. */
export interface RecipeFile {
  path: string;
  document: Document;
  /** Line and column of an offset, from 1. */
  linePos: (offset: number) => { line: number; col: number };
  content: RawRecipe;
}

/** Files that extend one another, at most. */
const longestChain = 8;

function parseFile(text: string, path: string): RecipeFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const linePos = (offset: number) => lineCounter.linePos(offset);
  const syntaxError = document.errors[0];
  if (syntaxError !== undefined) {
    const { line, col } = linePos(syntaxError.pos[0]);
    throw new ConfigError(syntaxError.message, { where: `${path}:${line}:${col}`, cause: syntaxError });
  }
  const content: unknown = document.toJS() ?? {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError('a recipe is a YAML mapping of keys to values', { where: `${path}:1:1` });
  }
  return { path, document, linePos, content: content as RawRecipe };
}

function readBase(path: string, where: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`extends ${path}, which cannot be read`, { where, cause });
  }
}

/**
 * The files of a recipe: itself, what it `extends`, what that extends.
 *
 * @throws {ConfigError} for YAML that breaks, a base that cannot be read, and files that extend each other in a circle
 */
export function readRecipeChain(options: { text: string; path: string }): [RecipeFile, ...RecipeFile[]] {
  const first = parseFile(options.text, options.path);
  const chain: [RecipeFile, ...RecipeFile[]] = [first];
  for (let file = first; file.content.extends !== undefined; ) {
    const { extends: base } = file.content;
    const where = placeIn(file, ['extends']);
    if (typeof base !== 'string' || base === '') {
      throw new ConfigError('extends must be the path of a recipe', { where });
    }
    const path = resolve(dirname(file.path), base);
    const circle = chain.some((other) => resolve(other.path) === path);
    if (circle || chain.length >= longestChain) {
      throw new ConfigError(`extends ${base}, ${circle ? 'which extends this file' : 'and so on without end'}`, {
        where,
      });
    }
    file = parseFile(readBase(path, where), path);
    chain.push(file);
  }
  return chain;
}

/** The recipe that a chain makes; the first file has the last word. */
export function mergeChain(chain: readonly RecipeFile[]): RawRecipe {
  const { extends: _, ...recipe } = chain.reduceRight<RawRecipe>(
    (under, { content }) => mergeTrees(under, content),
    {},
  );
  return recipe;
}

function child(node: unknown, name: string): { node: unknown; offset: number } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(name)] as Node | undefined;
    return item?.range ? { node: item, offset: item.range[0] } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === name);
  return pair !== undefined && isScalar(pair.key) && pair.key.range
    ? { node: pair.value, offset: pair.key.range[0] }
    : undefined;
}

/** How much of a path a file has, and where that is. */
function find({ document }: RecipeFile, path: readonly string[]): { depth: number; offset: number } {
  let node: unknown = document.contents;
  let offset = 0;
  let depth = 0;
  for (const name of path) {
    const next = child(node, name);
    if (next === undefined) break;
    offset = next.offset;
    node = next.node;
    depth += 1;
  }
  return { depth, offset };
}

/** `file:line:column` of a key, or of its nearest enclosing section. */
export function placeIn(file: RecipeFile, path: readonly string[]): string {
  const { line, col } = file.linePos(find(file, path).offset);
  return `${file.path}:${line}:${col}`;
}

/** The file that says most of a key; the recipe itself where several say as much. */
export function fileOf(chain: readonly [RecipeFile, ...RecipeFile[]], path: readonly string[]): RecipeFile {
  return chain.reduce((best, file) => (find(file, path).depth > find(best, path).depth ? file : best), chain[0]);
}
