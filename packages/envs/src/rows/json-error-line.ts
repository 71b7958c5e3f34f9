const tokens =
  /\s*(?:(?<mark>[{}[\],:])|(?<text>"[^"\\\n\r\t]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\n\r\t]*)*")|(?<word>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

/**
 * The line (from 1) on which a text stops being JSON; V8 tells the position for some faults and not for others. The last line for a text
 * that breaks off.
 */
export function jsonErrorLine(text: string): number {
  const open: ('{' | '[')[] = [];
  /** What may come next. */
  let next: 'value' | 'first' | 'key' | 'colon' | 'more' = 'value';
  let end = 0;
  tokens.lastIndex = 0;
  for (let match = tokens.exec(text); match; match = tokens.exec(text)) {
    const { mark, text: string } = match.groups ?? {};
    const inside = open.at(-1);
    const isClosing = (mark === '}' && inside === '{') || (mark === ']' && inside === '[');
    if (isClosing && (next === 'first' || next === 'more')) {
      open.pop();
      next = 'more';
    } else if (next === 'colon' && mark === ':') next = 'value';
    else if (next === 'more' && mark === ',' && inside) next = inside === '{' ? 'key' : 'value';
    else if ((next === 'key' || (next === 'first' && inside === '{')) && string !== undefined) next = 'colon';
    else if (next === 'value' || (next === 'first' && inside === '[')) {
      if (mark === '{' || mark === '[') {
        open.push(mark);
        next = 'first';
      } else if (mark === undefined) next = 'more';
      else break;
    } else break;
    end = tokens.lastIndex;
  }
  const rest = /\S/.exec(text.slice(end))?.index ?? text.length - end;
  return text.slice(0, end + rest).split('\n').length;
}
