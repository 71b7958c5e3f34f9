import { normalizeAnswer } from '@dgpo/trajectory';

/**
 * The best F1 over the golden answers between the bags of words of prediction and answer, both normalised; in [0, 1]. If either has
 * no words left, 1 when both have none, else 0. No prediction is 0. Source: `compute_f1` of the SQuAD v2.0 evaluation script.
 */
export function tokenF1(prediction: string | null, goldenAnswers: readonly string[]): number {
  if (prediction === null) return 0;
  const predicted = wordsOf(prediction);
  return Math.max(0, ...goldenAnswers.map((answer) => overlapF1(predicted, wordsOf(answer))));
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
