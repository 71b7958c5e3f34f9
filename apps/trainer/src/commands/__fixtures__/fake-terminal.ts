const escape = '\u001b';

/** The pieces of a text: sequences that begin with escape, and single characters. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let index = 0; index < text.length; ) {
    const length = text[index] === escape ? text.slice(index).search(/[A-Za-z]/) + 1 : 1;
    pieces.push(text.slice(index, index + length));
    index += length;
  }
  return pieces;
}

/** A terminal that understands text, line ends, cursor up, return and clearing downwards, and says what it does not understand. */
export function createFakeTerminal(width: number) {
  let rows: string[] = [''];
  let row = 0;
  let column = 0;
  let text = '';
  const unknown: string[] = [];
  const listeners = new Set<() => void>();
  const nextRow = () => {
    row += 1;
    column = 0;
    rows[row] ??= '';
  };
  const take = (piece: string) => {
    const current = rows[row] ?? '';
    if (piece === '\n') nextRow();
    else if (piece === '\r') column = 0;
    else if (piece === `${escape}[J`) rows = [...rows.slice(0, row), current.slice(0, column)];
    else if (piece.startsWith(escape) && piece.endsWith('A')) row = Math.max(0, row - Number(piece.slice(2, -1)));
    else if (piece.startsWith(escape)) {
      // Colours take no room.
      if (!piece.endsWith('m')) unknown.push(piece);
    } else {
      if (column >= stream.columns) nextRow();
      const line = rows[row] ?? '';
      rows[row] = `${line.slice(0, column)}${piece}${line.slice(column + 1)}`;
      column += 1;
    }
  };
  const stream = {
    isTTY: true,
    columns: width,
    rows: 24,
    write: (part: string) => {
      text += part;
      for (const piece of piecesOf(part)) take(piece);
    },
    on: (_: 'resize', listener: () => void) => listeners.add(listener),
    removeListener: (_: 'resize', listener: () => void) => listeners.delete(listener),
  };
  return {
    stream,
    unknown,
    /** Everything that was written. */
    text: () => text,
    /** What stands there, the empty line of the cursor included. */
    lines: () => rows,
    /** Whether the cursor is where a prompt may come: at the start of an empty last row. */
    isAtPrompt: () => row === rows.length - 1 && column === 0 && rows[row] === '',
    listeners: () => listeners.size,
    /** Rows that have become too wide go on in the next one, as most terminals do it. */
    resize: (columns: number) => {
      rows = rows.flatMap((line) =>
        Array.from({ length: Math.max(1, Math.ceil(line.length / columns)) }, (_, part) =>
          line.slice(part * columns, (part + 1) * columns),
        ),
      );
      row = rows.length - 1;
      column = (rows[row] ?? '').length;
      stream.columns = columns;
      for (const listener of [...listeners]) listener();
    },
  };
}
