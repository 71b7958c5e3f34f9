const wordPattern = /[\p{L}\p{N}]+/gu;
const asciiWordPattern = /[a-z0-9]+/g;

/**
 * The words of a text: lower case, compatibility forms and accents folded (`Alû` becomes `alu`), split at everything that is
 * neither letter nor digit. No stemming and no stop words: rare words decide through their weight.
 */
export function words(text: string): string[] {
  const lower = text.toLowerCase();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is the whole of ASCII
  if (/^[\x00-\x7f]*$/.test(lower)) return lower.match(asciiWordPattern) ?? [];
  return (
    lower
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      .match(wordPattern) ?? []
  );
}
