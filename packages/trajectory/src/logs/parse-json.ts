const letters = /[A-Za-z]/;
const words = new Map(['NaN', 'Infinity', '-Infinity'].map((word) => [word[0] ?? '', word]));

/**
 * Quotes NaN, Infinity and -Infinity outside of strings. Python's `json` writes them, though they are not JSON; as text they stay
 * visible to whoever expects a number there. One pass, also over text that is not JSON.
 */
function quoteNonFinite(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '"') {
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
      at += 1;
      continue;
    }
    const word = words.get(character);
    if (word !== undefined && text.startsWith(word, at) && !letters.test(text[at + word.length] ?? '')) {
      parts.push(text.slice(copied, at), `"${word}"`);
      at += word.length;
      copied = at;
    } else {
      at += 1;
    }
  }
  return `${parts.join('')}${text.slice(copied)}`;
}

/** `JSON.parse` that takes Python's NaN and Infinity, as the texts "NaN", "Infinity" and "-Infinity". @throws SyntaxError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!text.includes('NaN') && !text.includes('Infinity')) throw error;
    return JSON.parse(quoteNonFinite(text));
  }
}
