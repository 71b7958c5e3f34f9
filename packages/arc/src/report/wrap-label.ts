/** Breaks a label at blanks into at most so many lines; what is still too long ends in an ellipsis. */
export function wrapLabel(text: string, length: number, maximumLines: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && (`${last} ${word}`.length <= length || lines.length === maximumLines))
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => {
    const characters = [...line];
    return characters.length <= length ? line : `${characters.slice(0, length - 1).join('')}…`;
  });
}
