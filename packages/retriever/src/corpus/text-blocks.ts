import type { Line } from './read-lines.js';

export type TextBlock = { kind: 'heading'; level: number; title: string } | { kind: 'paragraph'; text: string };

/** A paragraph that grows beyond this is given out in parts, so that memory stays bounded. */
const maxParagraphLetters = 1 << 16;

const atxHeading = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const setextUnderline = /^ {0,3}(=+|-+)[ \t]*$/;
const fence = /^ {0,3}(`{3,}|~{3,})/;

/** Paragraphs: runs of lines between blank ones. */
export async function* readParagraphs(lines: AsyncIterable<Line>): AsyncGenerator<TextBlock> {
  let paragraph: string[] = [];
  let letters = 0;
  for await (const { text } of lines) {
    const blank = text.trim() === '';
    if (!blank) {
      paragraph.push(text);
      letters += text.length;
    }
    if (paragraph.length === 0 || (!blank && letters < maxParagraphLetters)) continue;
    yield { kind: 'paragraph', text: paragraph.join('\n') };
    paragraph = [];
    letters = 0;
  }
  if (paragraph.length > 0) yield { kind: 'paragraph', text: paragraph.join('\n') };
}

/**
 * Headings (`# …` and underlined ones) and paragraphs of a Markdown text. What stands in fenced code blocks and in front matter is
 * no heading. The marks of everything else stay in the text.
 */
export async function* readMarkdown(lines: AsyncIterable<Line>): AsyncGenerator<TextBlock> {
  let paragraph: string[] = [];
  let letters = 0;
  let openFence: string | undefined;
  let inFrontMatter = false;
  const take = (): TextBlock[] => {
    const text = paragraph.join('\n');
    paragraph = [];
    letters = 0;
    return text === '' ? [] : [{ kind: 'paragraph', text }];
  };

  for await (const { text, number } of lines) {
    if (number === 1 && text.trimEnd() === '---') {
      inFrontMatter = true;
      continue;
    }
    if (inFrontMatter && /^(---|\.\.\.)\s*$/.test(text)) {
      inFrontMatter = false;
      yield* take();
      continue;
    }
    const mark = fence.exec(text)?.[1];
    const verbatim = inFrontMatter || openFence !== undefined || mark !== undefined;
    if (openFence === undefined) openFence = mark;
    else if (mark?.startsWith(openFence) && text.trim() === mark) openFence = undefined;

    const heading = verbatim ? null : atxHeading.exec(text);
    const underline = verbatim || paragraph.length !== 1 ? null : setextUnderline.exec(text);
    if (heading !== null) {
      yield* take();
      yield { kind: 'heading', level: heading[1]?.length ?? 1, title: heading[2]?.trim() ?? '' };
    } else if (underline !== null) {
      const [title = ''] = paragraph.splice(0);
      letters = 0;
      yield { kind: 'heading', level: underline[1]?.startsWith('=') ? 1 : 2, title: title.trim() };
    } else if (text.trim() === '') {
      yield* take();
    } else {
      paragraph.push(text);
      letters += text.length;
      if (letters >= maxParagraphLetters) yield* take();
    }
  }
  yield* take();
}
