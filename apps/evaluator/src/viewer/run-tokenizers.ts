import { readdir } from 'node:fs/promises';
import type { Tokenizer } from '@dgpo/lm';
import type { Segment } from '@dgpo/trajectory';
import { readAt } from './read-at.js';
import type { ServedFolder } from './served-folder.js';

/** The texts of the tokens of each segment; null where the log keeps text alone. */
export type TokenTexts = (string[] | null)[];

/** Splits segments into the texts of their tokens; undefined where no tokenizer at hand made them. */
type TokenSplitter = (options: {
  /** Folders in which a tokenizer may lie, relative to the folder that is served. */
  places: readonly string[];
  segments: readonly Segment[];
}) => Promise<TokenTexts | undefined>;

const names = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'config.json'];
const largestFile = 64 << 20;
const mostTokenizers = 8;

/** Where tokenizers lie in a run directory: beside the models of its stages. */
async function tokenizerFolders(folder: ServedFolder, place: string): Promise<string[]> {
  const inside = (path: string, name: string) => (path === '' ? name : `${path}/${name}`);
  const stages = inside(place, 'stages');
  const real = await folder.resolve(stages);
  const found = real === undefined ? [] : (await readdir(real).catch(() => [])).sort();
  return [place, ...found.flatMap((name) => ['', '/model', '/adapter'].map((end) => `${inside(stages, name)}${end}`))];
}

async function readTokenizer(folder: ServedFolder, place: string): Promise<Tokenizer | undefined> {
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    const path = place === '' ? name : `${place}/${name}`;
    if ((await folder.resolve(path)) === undefined) {
      if (name === 'tokenizer.json') return undefined;
      continue;
    }
    const file = await folder.open(path);
    try {
      const { size } = await file.stat();
      if (size > largestFile) return undefined;
      files.set(name, await readAt(file, 0, size));
    } finally {
      await file.close();
    }
  }
  try {
    // Loaded when it is needed: the package brings TensorFlow.js.
    const { tokenizerFromFiles } = await import('@dgpo/lm');
    return tokenizerFromFiles(files, place);
  } catch {
    return undefined;
  }
}

/** The texts of the tokens, if this tokenizer made the segments: joined they must be their texts. */
function splitSegments(tokenizer: Tokenizer, segments: readonly Segment[]): TokenTexts | undefined {
  const special = Object.keys(tokenizer.specialTokens);
  const plain = (text: string) => special.reduce((rest, name) => rest.replaceAll(name, ''), text).trim();
  const texts: TokenTexts = [];
  for (const [index, { text, tokenIds }] of segments.entries()) {
    if (tokenIds === undefined) {
      texts.push(null);
      continue;
    }
    if (tokenIds.some((id) => id >= tokenizer.vocabularySize)) return undefined;
    const stream = tokenizer.decodeStream({ continuation: index > 0 });
    const pieces = tokenIds.map((id) => stream.push(id));
    const rest = stream.end();
    const last = pieces.length - 1;
    if (rest !== '' && last >= 0) pieces[last] = `${pieces[last]}${rest}`;
    if (plain(pieces.join('')) !== plain(text)) return undefined;
    texts.push(pieces);
  }
  return texts;
}

/** Finds the tokenizer of a run by trying those that lie in it. */
export function createTokenSplitter(folder: ServedFolder): TokenSplitter {
  const opened = new Map<string, Promise<Tokenizer | undefined>>();
  /** What fitted last for a place. */
  const fitting = new Map<string, string>();
  const open = (place: string) => {
    const before = opened.get(place);
    if (before !== undefined) return before;
    // A tokenizer holds some ten megabytes.
    if (opened.size >= 4 * mostTokenizers) opened.clear();
    const opening = readTokenizer(folder, place).catch(() => undefined);
    opened.set(place, opening);
    return opening;
  };
  return async ({ places, segments }) => {
    if (segments.every(({ tokenIds }) => tokenIds === undefined)) return undefined;
    let tried = 0;
    for (const place of places) {
      const folders = await tokenizerFolders(folder, place);
      const first = fitting.get(place);
      for (const candidate of first === undefined ? folders : [first, ...folders]) {
        const tokenizer = await open(candidate);
        if (tokenizer === undefined) {
          // It may be written later.
          opened.delete(candidate);
          continue;
        }
        const texts = splitSegments(tokenizer, segments);
        if (texts !== undefined) {
          fitting.set(place, candidate);
          return texts;
        }
        tried += 1;
        if (tried >= mostTokenizers) return undefined;
      }
    }
    return undefined;
  };
}
