/** The title of a passage: the first line of its contents, without the double quotes that some corpora put around it. */
export function passageTitle(contents: string): string {
  const line = contents.split('\n', 1)[0]?.trim() ?? '';
  return line.length > 1 && line.startsWith('"') && line.endsWith('"') ? line.slice(1, -1) : line;
}

/** A title as compared: Unicode NFC, lower case, single blanks. */
export const titleKey = (title: string): string => title.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();
