import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { type Document, isMap } from 'yaml';
import { type RecipeFile, readRecipeChain } from './recipe-chain.js';

/** Keys that hold a path, in recipes of both kinds. */
const pathKeys = [
  ['data', 'corpus'],
  ['data', 'trainQuestions'],
  ['data', 'train'],
  ['data', 'test'],
  ['retriever', 'path'],
  ['student', 'path'],
  ['teacher', 'path'],
  ['model'],
];

/** Paths of a file as seen from another folder; what is no file, such as a name on a hub, stays. */
function moveFiles({ document, path }: RecipeFile, target: string): void {
  const moved = (value: unknown) => {
    if (typeof value !== 'string' || isAbsolute(value)) return undefined;
    const absolute = resolve(dirname(path), value);
    return existsSync(absolute) ? relative(target, absolute).split(sep).join('/') : undefined;
  };
  const sets = document.toJS() as { data?: { evalQuestions?: unknown } } | null;
  const count = Array.isArray(sets?.data?.evalQuestions) ? sets.data.evalQuestions.length : 0;
  const keys: (string | number)[][] = [...pathKeys];
  for (let index = 0; index < count; index++) keys.push(['data', 'evalQuestions', index, 'path']);
  for (const key of keys) {
    const value = document.hasIn(key) ? moved(document.getIn(key)) : undefined;
    if (value !== undefined) document.setIn(key, value);
  }
}

/** Puts the keys of a recipe over those of its base, whose comments stay. */
function lay(document: Document, over: Document, path: string[] = []): void {
  const node = path.length === 0 ? over.contents : over.getIn(path);
  if (!isMap(node)) return;
  for (const { key } of node.items) {
    const place = [...path, String(key)];
    const value = over.getIn(place, true);
    if (isMap(value) && isMap(document.getIn(place))) lay(document, over, place);
    else document.setIn(place, value);
  }
}

const leadingComments = (text: string) => {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines.slice(0, end === -1 ? lines.length : end);
};

/** What a recipe says about itself; its path and its schema are others for the copy. */
const headerOf = (text: string) =>
  leadingComments(text).filter((line) => !/yaml-language-server|^# {3}dgpo/.test(line));

/**
 * A recipe and everything that it extends as one YAML file, comments included, with its files named as from a folder.
 *
 * @param options.target folder that the file is for
 */
export function flattenRecipe(options: { path: string; target: string }): string {
  const text = readFileSync(options.path, 'utf8');
  const chain = readRecipeChain({ path: options.path, text });
  for (const file of chain) moveFiles(file, options.target);
  const last = chain.at(-1) as RecipeFile;
  for (const file of [...chain].reverse().slice(1)) lay(last.document, file.document);
  last.document.delete('extends');
  const body = last.document.toString({ lineWidth: 0 });
  return [...headerOf(text), ...body.split('\n').slice(leadingComments(body).length)].join('\n');
}
