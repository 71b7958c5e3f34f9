/** The words of a text, lower case and without accents, so that names that a retriever cannot tell apart count as equal. */
export function nameWords(text: string): string[] {
  return (
    text
      .toLowerCase()
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Every run of consecutive words, joined by a space: `new south wales` gives `new`, `new south`, … */
export function phrases(words: readonly string[]): string[] {
  const found: string[] = [];
  for (let start = 0; start < words.length; start++) {
    for (let end = start + 1; end <= words.length; end++) found.push(words.slice(start, end).join(' '));
  }
  return found;
}
