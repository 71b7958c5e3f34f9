import type { Piece } from './page.js';

/** How pages are written down; the original's names. */
export type ObservationMode = 'text' | 'text_rich';

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

/** A page as text: its texts joined by ` [SEP] `, or a line each, with what can be clicked marked as such. */
export function observationOf(pieces: readonly Piece[], mode: ObservationMode): string {
  if (mode === 'text') return pieces.map(({ text }) => text.trim()).join(' [SEP] ');
  const chosen = pieces.filter(({ kind, marked }) => kind === 'option' && marked).reverse();
  const clicked = chosen.map(({ text }) => `You have clicked ${text}.\n`);
  return `${clicked.join('')}${pieces.map((piece) => `${richLine(piece)}\n`).join('')}`;
}
