import { lastBoxed } from './last-boxed.js';

/** The last match of a pattern that is global. */
const lastMatch = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].at(-1);

/** Without space and emphasis around it; more than any answer that can be compared is cut off. */
const trimmed = (text: string) =>
  text
    .trim()
    .slice(0, 2000)
    .replace(/^[*_ ]+|[*_ ]+$/g, '')
    .replace(/(?<!\.)\.$/, '')
    .trim();

/** The name of a token that ends a turn, as policies decode it with the rest. */
const endToken = /(?:<\|[^|<>]{1,40}\|>|<\/s>)$/;

function afterPhrase(text: string): string | null {
  const match = lastMatch(text, /\banswer(?:\*\*)?\s*(?:is|:|=)(?:\*\*)?\s*:?/gi);
  if (match === undefined) return null;
  const rest = text.slice(match.index + match[0].length).trimStart();
  // To the end of the line or of the sentence; a point inside of a number ends neither.
  const sentence = /^.*?(?=\.\s|\n|$)/.exec(rest.slice(0, 2000))?.[0] ?? '';
  return trimmed(sentence) === '' ? null : trimmed(sentence);
}

function lastNumber(text: string): string | null {
  const match = lastMatch(text, /(?<![\w.])-?\$?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\/\d+)?%?(?!\w)/g);
  return match?.[0] ?? null;
}

/**
 * The final answer of a solution, null where there is none. In this order: what stands in the last closed `\boxed{…}`; behind the last
 * `####` (GSM8K), to the end of its line; behind the last "answer is" or "answer:", to the end of its sentence; the last number,
 * written with digits, perhaps with a sign, thousands, a point, a slash and a percent sign. Where the text has `<answer>…</answer>`, the last
 * pair is all that counts, and is the answer itself where nothing of the first three is inside. The name of
 * an end-of-turn token at the end (`<|im_end|>`, `</s>`) is ignored.
 */
export function extractAnswer(solution: string): string | null {
  const text = solution.trimEnd().replace(endToken, '');
  const tagged = lastMatch(text, /<answer>((?:(?!<answer>)[\s\S])*?)<\/answer>/g)?.[1];
  const scope = tagged ?? text;
  const boxed = lastBoxed(scope);
  if (boxed !== null) return boxed;
  const hash = trimmed(lastMatch(scope, /####[ \t]*([^\n]*)/g)?.[1] ?? '');
  if (hash !== '') return hash;
  const phrase = afterPhrase(scope);
  if (phrase !== null) return phrase;
  if (tagged !== undefined) return trimmed(tagged) === '' ? null : trimmed(tagged);
  return lastNumber(scope);
}
