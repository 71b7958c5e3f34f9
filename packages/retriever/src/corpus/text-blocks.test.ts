import { describe, expect, it } from 'vitest';
import { readMarkdown, readParagraphs, type TextBlock } from './text-blocks.js';

async function* linesOf(text: string) {
  for (const [index, line] of text.split('\n').entries()) yield { text: line, number: index + 1 };
}
const collect = async (blocks: AsyncIterable<TextBlock>) => {
  const found: string[] = [];
  for await (const block of blocks) {
    found.push(block.kind === 'heading' ? `${'#'.repeat(block.level)} ${block.title}` : block.text);
  }
  return found;
};

describe('readMarkdown', () => {
  it.each([
    ['# A\ntext\n## B ##\n\n### C', ['# A', 'text', '## B', '### C']],
    ['#no heading\n####### seven\n    # code', ['#no heading\n####### seven\n    # code']],
    ['A\n===\nB\n---\ntwo\nlines\n---', ['# A', '## B', 'two\nlines\n---']],
    ['---\n\n***', ['***']],
    ['text\n\n---\n\nmore', ['text', '---', 'more']],
    ['---\ntitle: x\n# y\n---\n# Z', ['title: x\n# y', '# Z']],
    ['````\n# a\n```\n# b\n````\n# C', ['````\n# a\n```\n# b\n````', '# C']],
    ['~~~ sh\n# a\n~~~\n# C', ['~~~ sh\n# a\n~~~', '# C']],
    ['#\nx', ['# ', 'x']],
  ])('takes %j apart', async (text, expected) => {
    expect(await collect(readMarkdown(linesOf(text)))).toEqual(expected);
  });
});

describe('readParagraphs', () => {
  it('splits at blank lines alone', async () => {
    expect(await collect(readParagraphs(linesOf('\n# a\nb\n \n\nc\n')))).toEqual(['# a\nb', 'c']);
  });

  it.each([readParagraphs, readMarkdown])('gives out a paragraph without end in parts', async (read) => {
    const parts = await collect(read(linesOf(Array.from({ length: 30 }, () => 'x'.repeat(10_000)).join('\n'))));
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.join('\n').length).toBe(30 * 10_000 + 29);
  });
});
