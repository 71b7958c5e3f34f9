/** Where the group that opens before `start` closes, -1 where it never does. */
function groupEnd(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '{') depth += 1;
    else if (text[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/** What stands in the last `\boxed{…}` (or `\fbox`, or `\boxed 5`) that is closed and not empty; null where there is none. */
export function lastBoxed(text: string): string | null {
  const starts = [...text.matchAll(/\\(?:boxed|fbox) ?(\{|\d+(?:\.\d+)?)/g)].reverse().slice(0, 20);
  for (const match of starts) {
    const start = match.index + match[0].length;
    const inside = match[1] === '{' ? text.slice(start, Math.max(start, groupEnd(text, start))) : (match[1] ?? '');
    if (inside.trim() !== '') return inside.trim();
  }
  return null;
}
