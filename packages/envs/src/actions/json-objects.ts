/**
 * The stretches of a text from a `{` to the `}` that closes it, in order, braces inside JSON strings left alone. None holds another,
 * and the time is linear in the text.
 */
export function* jsonObjects(text: string): Generator<{ text: string; start: number }> {
  let start = -1;
  let depth = 0;
  let isString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (isString) {
      if (character === '\\') index += 1;
      else if (character === '"') isString = false;
    } else if (character === '"' && depth > 0) {
      isString = true;
    } else if (character === '{') {
      if (depth === 0) start = index;
      depth += 1;
    } else if (character === '}' && depth > 0) {
      depth -= 1;
      if (depth === 0) yield { text: text.slice(start, index + 1), start };
    }
  }
}

/** A JSON text in one line, with blanks after `:` and `,`. Its strings hold no `<`, so that it ends no tag before its time. */
export function writeJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('<', '\\u003c');
  if (Array.isArray(value)) return `[${value.map(writeJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).map(([name, inner]) => `${writeJson(name)}: ${writeJson(inner)}`);
  return `{${entries.join(', ')}}`;
}
