import { exactMatch, type Task } from '@dgpo/trajectory';

const isNumber = /^[+-]?\d+(\.\d+)?$/;

/** The number that a text is, thousands with or without commas; undefined when it is none. */
function numberOf(text: string): number | undefined {
  const plain = text.trim().replaceAll(/(?<=\d),(?=\d{3}(?!\d))/g, '');
  return isNumber.test(plain) ? Number(plain) : undefined;
}

/**
 * Whether an answer is right: numbers by their value (`1,285.0` is `1285`), since the normalisation of exact match drops points; names
 * by exact match. The golden numbers are whole and small, so nothing is rounded and no library is needed.
 */
export function isArithmeticCorrect({ task, answer }: { task: Task; answer: string }): boolean {
  const number = numberOf(answer);
  return task.goldenAnswers.some((golden) => {
    const wanted = numberOf(golden);
    return wanted === undefined ? exactMatch(answer, [golden]) : wanted === number;
  });
}
