/**
 * The lines (from 1) on which the rows of a JSON document begin: the elements of the outermost list, or of the list `examples` of
 * the outermost object. The text must be valid JSON.
 */
export function jsonRowLines(text: string): number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  /** The depth of the elements of the list of rows; -1 outside of it. */
  let rowDepth = -1;
  let lastString = '';
  let expectsRow = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '\n') line += 1;
    if (' \n\r\t:'.includes(character)) continue;
    if (character === ']' || character === '}') {
      depth -= 1;
      if (depth < rowDepth) return lines;
      expectsRow = false;
      continue;
    }
    if (expectsRow && depth === rowDepth) lines.push(line);
    expectsRow = character === ',' && depth === rowDepth;
    if (character === '"') {
      const start = at + 1;
      for (at = start; text[at] !== '"'; at++) if (text[at] === '\\') at += 1;
      lastString = text.slice(start, at);
    } else if (character === '[' || character === '{') {
      depth += 1;
      if (rowDepth < 0 && character === '[' && (depth === 1 || (depth === 2 && lastString === 'examples'))) {
        rowDepth = depth;
        expectsRow = true;
      }
    }
  }
  return lines;
}
