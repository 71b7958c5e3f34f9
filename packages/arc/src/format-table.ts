import { type Cell, formatCell, isNumeric } from './format-number.js';

/** A column head, with its alignment where the default is not wanted. */
export type TableColumn =
  | string
  | { header: string /** @default right if every cell is a number, else left */; align?: 'left' | 'right' };

export interface TableOptions {
  /** The column heads. */
  columns: readonly TableColumn[];
  /** The cells, row by row; missing cells are empty. */
  rows: readonly (readonly Cell[])[];
}

/** Plain text with aligned columns, for a terminal. Two blanks between columns, a rule under the head, no blanks at line ends. */
export function formatTable(options: TableOptions): string {
  const { heads, body, aligns } = layOut(options);
  const widths = heads.map((head, column) => Math.max(...[head, ...body.map((row) => row[column] ?? '')].map(widthOf)));
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const text = cells[column] ?? '';
        const padding = ' '.repeat(width - widthOf(text));
        return aligns[column] === 'right' ? padding + text : text + padding;
      })
      .join('  ')
      .trimEnd();
  return [line(heads), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}

/** The same table in GitHub's Markdown. */
export function formatMarkdownTable(options: TableOptions): string {
  const { heads, body, aligns } = layOut(options);
  const line = (cells: readonly string[]) =>
    `| ${heads.map((_, column) => escapeMarkdown(cells[column] ?? '')).join(' | ')} |`;
  return [
    line(heads),
    `|${aligns.map((align) => (align === 'right' ? '---:' : '---')).join('|')}|`,
    ...body.map(line),
  ].join('\n');
}

/** How each column is aligned: as told, else numbers to the right. */
export function alignColumns({ columns, rows }: TableOptions): ('left' | 'right')[] {
  return columns.map((column, index) => {
    if (typeof column !== 'string' && column.align !== undefined) return column.align;
    return index > 0 && rows.length > 0 && rows.every((row) => isNumeric(row[index])) ? 'right' : 'left';
  });
}

/** The head of a column. */
export const headerOf = (column: TableColumn): string => (typeof column === 'string' ? column : column.header);

function layOut(options: TableOptions) {
  return {
    heads: options.columns.map((column) => oneLine(headerOf(column))),
    body: options.rows.map((row) =>
      options.columns.map((_, column) => (column < row.length ? oneLine(formatCell(row[column])) : '')),
    ),
    aligns: alignColumns(options),
  };
}

/** Cells may hold model output: control characters must neither break the table nor reach the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const oneLine = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

const escapeMarkdown = (text: string) => text.replace(/[\\|]/g, '\\$&').replace(/</g, '&lt;');

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const wide =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** Terminal columns a text takes: one per visible character, two for wide scripts. */
function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}
