import type { Piece } from './page.js';

/** How pages are written down: `text` and `text_rich` as in the original, `short` for models that read little. */
export type ObservationMode = 'text' | 'text_rich' | 'short';

function richLine({ text, kind, marked }: Piece): string {
  const label = marked ? 'clicked button' : 'button';
  switch (kind) {
    case 'text':
      return text;
    case 'button':
      return `[button] ${text} [button_]`;
    case 'option':
      return `  [${label}] ${text} [${label}_]`;
    case 'product':
      return `\n[${label}] ${text} [${label}_]`;
  }
}

/** What a short page leaves out: ratings that nobody gave, and buttons that a purchase does not take. They can be clicked all the same. */
const dispensable: ReadonlySet<string> = new Set(['Rating: N.A.', 'Back to Search', 'Description', 'Reviews']);

/** What a short page calls the products on it: a word of its own each, by which a reader finds the name behind it. */
const places = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];

/** The word before a product on a short page, by its place from 0. */
export const placeOf = (index: number): string => places[index] ?? `${index + 1}th`;

/** In lower case, as commands are, products counted, and without the instruction, which the first page has. */
function shortPage(pieces: readonly Piece[]): string {
  const hasInstruction = pieces[0]?.text === 'Instruction:';
  const shown = pieces
    .slice(hasInstruction ? 2 : 0)
    .filter(({ kind, text }) => kind === 'option' || kind === 'product' || !dispensable.has(text));
  let products = 0;
  return shown
    .map(({ kind, text }) => {
      const label = text.trim().toLowerCase();
      return kind === 'product' ? `${placeOf(products++)} ${label}` : label;
    })
    .join(' | ');
}

/** A page as text: its texts joined by ` [SEP] ` or ` | `, or a line each, with what can be clicked marked as such. */
export function observationOf(pieces: readonly Piece[], mode: ObservationMode): string {
  if (mode === 'short') return shortPage(pieces);
  if (mode === 'text') return pieces.map(({ text }) => text.trim()).join(' [SEP] ');
  const chosen = pieces.filter(({ kind, marked }) => kind === 'option' && marked).reverse();
  const clicked = chosen.map(({ text }) => `You have clicked ${text}.\n`);
  return `${clicked.join('')}${pieces.map((piece) => `${richLine(piece)}\n`).join('')}`;
}
