import { DatasetError } from '@dgpo/trajectory';

/** A row of a table with the line (from 1) on which it begins. */
export interface CsvRow {
  fields: Record<string, string>;
  line: number;
}

interface Cells {
  cells: string[];
  line: number;
}

/** Cells row by row; quotes hold commas, line breaks and doubled quotes. */
function* readCells(path: string, text: string): Generator<Cells> {
  let line = 1;
  let row: Cells = { cells: [], line };
  let cell = '';
  const endRow = () => {
    const done = { ...row, cells: [...row.cells, cell] };
    cell = '';
    return done;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"' && cell === '') {
      const opened = line;
      for (at += 1; at < text.length; at++) {
        if (text[at] === '\n') line += 1;
        if (text[at] !== '"') cell += text[at];
        else if (text[at + 1] === '"') {
          cell += '"';
          at += 1;
        } else break;
      }
      if (at >= text.length) throw new DatasetError('expected a closing quote', { where: `${path}:${opened}` });
    } else if (character === ',') {
      row.cells.push(cell);
      cell = '';
    } else if (character === '\n') {
      yield endRow();
      line += 1;
      row = { cells: [], line };
    } else if (character !== '\r') cell += character;
  }
  if (cell !== '' || row.cells.length > 0) yield endRow();
}

/**
 * The rows of comma-separated values (RFC 4180) under a first line of names; blank lines are skipped.
 * @throws DatasetError naming the line of an open quote or of a row with another number of cells than there are names.
 */
export function* csvRows(path: string, text: string): Generator<CsvRow> {
  let names: string[] | undefined;
  for (const { cells, line } of readCells(path, text)) {
    if (cells.length === 1 && cells[0]?.trim() === '') continue;
    if (names === undefined) {
      names = cells.map((name) => name.trim());
      continue;
    }
    if (cells.length !== names.length) {
      throw new DatasetError(`expected ${names.length} cells as in the first line, found ${cells.length}`, {
        where: `${path}:${line}`,
      });
    }
    yield { fields: Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ''])), line };
  }
}
