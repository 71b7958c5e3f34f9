/**
 * Takes `contents` apart: the title is the first line without surrounding double quotes, the text is everything after it.
 * Contents of one line have that line as title and no text.
 */
export function splitTitle(contents: string): { title: string; text: string } {
  const end = contents.indexOf('\n');
  const firstLine = (end === -1 ? contents : contents.slice(0, end)).trim();
  const quoted = firstLine.length >= 2 && firstLine.startsWith('"') && firstLine.endsWith('"');
  return {
    title: quoted ? firstLine.slice(1, -1) : firstLine,
    text: end === -1 ? '' : contents.slice(end + 1).trim(),
  };
}
