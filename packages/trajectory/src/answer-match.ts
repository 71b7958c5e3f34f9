// Lookarounds instead of \b: JavaScript's \b is ASCII, so it would see the article "a" inside "año".
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;
const punctuation = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/g;
/** What Python splits words at: JavaScript's \s lacks U+001C to U+001F and U+0085, and has U+FEFF. */
const whiteSpace = new RegExp(`[\\p{White_Space}${String.fromCharCode(0x1c, 0x1d, 0x1e, 0x1f)}]+`, 'u');

/**
 * Lower-cases, drops ASCII punctuation and the articles a, an, the, and squeezes white space.
 * Source: `normalize_answer` of the SQuAD v1.1 evaluation script, which Search-R1's `qa_em.py` repeats.
 */
export function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(punctuation, '')
    .replace(articles, ' ')
    .split(whiteSpace)
    .filter((word) => word !== '')
    .join(' ');
}

/** True when the prediction equals one of the golden answers after {@link normalizeAnswer}; null never matches. */
export function exactMatch(prediction: string | null, goldenAnswers: readonly string[]): boolean {
  if (prediction === null) return false;
  const normalized = normalizeAnswer(prediction);
  return goldenAnswers.some((answer) => normalizeAnswer(answer) === normalized);
}
