import { normalizeAnswer } from '@dgpo/trajectory';

/** How answers are compared that are yes or no. */
export interface TokenF1Options {
  /**
   * `words`: like any other words, as SQuAD's script does. `exact`: yes, no and noanswer overlap with nothing but themselves, so that
   * "no" earns nothing from "no, it is yes"; as the scripts of HotpotQA and FlashRAG do.
   * @default 'words'
   */
  yesNo?: 'words' | 'exact';
}

const verdicts = new Set(['yes', 'no', 'noanswer']);

/**
 * The best F1 over the golden answers between the bags of words of prediction and answer, both normalised; in [0, 1]: with `common` words
 * in both, counted as often as both have them, `2 · common / (words of the prediction + words of the answer)`. If either has no words
 * left, 1 when both have none, else 0. No prediction is 0. Source: `compute_f1` of the SQuAD v2.0 evaluation script.
 */
export function tokenF1(
  prediction: string | null,
  goldenAnswers: readonly string[],
  { yesNo = 'words' }: TokenF1Options = {},
): number {
  if (prediction === null) return 0;
  const predicted = wordsOf(prediction);
  return Math.max(
    0,
    ...goldenAnswers.map((answer) => {
      const golden = wordsOf(answer);
      return yesNo === 'exact' && isOtherVerdict(predicted, golden) ? 0 : overlapF1(predicted, golden);
    }),
  );
}

/** Whether one of the two is yes, no or noanswer and the other is something else. */
function isOtherVerdict(...sides: [predicted: readonly string[], golden: readonly string[]]): boolean {
  const [predicted, golden] = sides.map((words) => words.join(' '));
  return predicted !== golden && [predicted, golden].some((text) => verdicts.has(text ?? ''));
}

function overlapF1(predicted: readonly string[], golden: readonly string[]): number {
  if (predicted.length === 0 || golden.length === 0) return predicted.length === golden.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of golden) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of predicted) {
    const available = left.get(word) ?? 0;
    if (available === 0) continue;
    left.set(word, available - 1);
    common++;
  }
  return (2 * common) / (predicted.length + golden.length);
}

const wordsOf = (text: string) =>
  normalizeAnswer(text)
    .split(' ')
    .filter((word) => word !== '');
