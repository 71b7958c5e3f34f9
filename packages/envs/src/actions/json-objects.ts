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

/**
 * A JSON text in one line. Its strings hold neither `}` nor `<`, and `}}` occurs nowhere but at its end, so that it ends no turn and
 * no tag before its time.
 */
export function writeJson(values: Readonly<Record<string, unknown>>): string {
  const quote = (text: string) => JSON.stringify(text).replaceAll('}', '\\u007d').replaceAll('<', '\\u003c');
  const write = (value: unknown, isInner: boolean): string => {
    if (typeof value === 'string') return quote(value);
    if (Array.isArray(value)) return `[${value.map((item) => write(item, true)).join(', ')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
    const entries = Object.entries(value).map(([name, inner]) => `${quote(name)}: ${write(inner, true)}`);
    const text = entries.join(', ');
    return `{${text}${isInner && text.endsWith('}') ? ' ' : ''}}`;
  };
  return write(values, false);
}
