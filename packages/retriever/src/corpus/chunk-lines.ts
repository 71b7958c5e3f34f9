import type { CountTokens } from './count-tokens.js';
import { createChunker } from './create-chunker.js';
import type { Line } from './read-lines.js';
import { joinTitle } from './record-fields.js';
import { readMarkdown, readParagraphs } from './text-blocks.js';

export interface ChunkLinesOptions {
  lines: AsyncIterable<Line>;
  /** Whether headings are looked for. */
  markdown: boolean;
  /** Title of what stands under no heading. */
  name: string;
  size: number;
  overlap: number;
  count: CountTokens;
}

/**
 * Cuts a text into passages. The first line of each is the way to it through the headings, such as `"Guide > Install > Linux"`;
 * no passage reaches beyond its heading.
 */
export async function* chunkLines({ lines, markdown, name, ...chunking }: ChunkLinesOptions): AsyncGenerator<string> {
  const chunker = createChunker(chunking);
  /** The title of each level that is open, outermost first. */
  let headings: { level: number; title: string }[] = [];
  const toContents = (chunk: string) => {
    const titles = headings.map(({ title }) => title).filter((title) => title !== '');
    return joinTitle(titles.length === 0 ? name : titles.join(' > '), chunk);
  };
  for await (const block of markdown ? readMarkdown(lines) : readParagraphs(lines)) {
    if (block.kind === 'paragraph') {
      yield* chunker.push(block.text).map(toContents);
      continue;
    }
    yield* chunker.finish().map(toContents);
    headings = [...headings.filter(({ level }) => level < block.level), block];
  }
  yield* chunker.finish().map(toContents);
}
