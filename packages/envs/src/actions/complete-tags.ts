/**
 * The complete `<name>…</name>` pairs of a text, in order. Complete is a closing tag that directly follows an opening tag of the same
 * name, so of nested tags the inner pair counts and no content holds one of these tags. Takes time linear in the text.
 */
export function* completeTags(
  text: string,
  names: readonly string[],
): Generator<{ name: string; content: string; start: number }> {
  // Names are letters, digits, `_`, `-` and `.` (see createActionFormat); a dot as wildcard is caught by the comparison of names.
  const pattern = new RegExp(`<(/?)(${names.join('|')})>`, 'g');
  let open: { name: string; start: number; end: number } | null = null;
  for (const match of text.matchAll(pattern)) {
    const [tag, slash, name = ''] = match;
    if (slash === '') {
      open = { name, start: match.index, end: match.index + tag.length };
    } else {
      if (open?.name === name) yield { name, content: text.slice(open.end, match.index).trim(), start: open.start };
      open = null;
    }
  }
}
