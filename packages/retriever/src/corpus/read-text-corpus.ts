import { basename, join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import type { Document } from '../retriever.js';
import { chunkLines } from './chunk-lines.js';
import { type CountTokens, countWords, loadTokenCounter } from './count-tokens.js';
import { type ReadLinesOptions, readLines } from './read-lines.js';

/** How plain text and Markdown are cut into passages. */
export interface ChunkingOptions {
  /** Units of the longest passage, its title line not counted; an integer of at least 8. @default 256 */
  size?: number;
  /** Units that a passage repeats from the end of the one before at most; at most half the size. @default 32 */
  overlap?: number;
  /**
   * `tokens` of o200k_base (needs the optional peer `gpt-tokenizer`) or `words` between white space.
   * @default 'tokens'
   */
  unit?: 'tokens' | 'words';
  /** Counts the units instead of `unit`, such as the tokens of the encoder that will be used. */
  countTokens?: CountTokens;
}

export const textFileName = /\.(txt|md|markdown)$/i;
const markdownName = /\.(md|markdown)$/i;

async function resolveChunking({ size = 256, overlap = 32, unit = 'tokens', countTokens }: ChunkingOptions) {
  if (!Number.isSafeInteger(size) || size < 8) {
    throw new ConfigError(`an integer of at least 8 is needed, not ${size}`, { where: 'chunking.size' });
  }
  if (!Number.isSafeInteger(overlap) || overlap < 0 || overlap * 2 > size) {
    throw new ConfigError(`an integer between 0 and half the size is needed, not ${overlap}`, {
      where: 'chunking.overlap',
    });
  }
  if (unit !== 'tokens' && unit !== 'words') {
    throw new ConfigError(`this is tokens or words, not ${JSON.stringify(unit)}`, { where: 'chunking.unit' });
  }
  const count = countTokens ?? (unit === 'words' ? countWords : await loadTokenCounter());
  return { size, overlap, count };
}

/**
 * Streams the passages of text files. The id of a passage is the path of its file and its number there, counted from 0:
 * `guides/install.md#3`.
 */
export async function* readTextCorpus({
  folder,
  names,
  chunking = {},
  ...options
}: {
  folder: string;
  /** Paths relative to the folder. */
  names: AsyncIterable<string> | Iterable<string>;
  chunking?: ChunkingOptions | undefined;
} & Omit<ReadLinesOptions, 'path'>): AsyncGenerator<Document> {
  const resolved = await resolveChunking(chunking);
  for await (const name of names) {
    const lines = readLines({ ...options, path: join(folder, name) });
    const title = basename(name).replace(textFileName, '');
    let number = 0;
    for await (const contents of chunkLines({ ...resolved, lines, markdown: markdownName.test(name), name: title })) {
      yield { id: `${name}#${number++}`, contents };
    }
  }
}
