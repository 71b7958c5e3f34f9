import type { Trajectory } from '@dgpo/trajectory';

/** A policy that cannot end its episode writes until the limit; so many lines show it. */
const shownLines = 14;

/** An episode as indented text for a terminal, cut where it goes on and on. Control characters of a model's output are not passed on. */
export function renderEpisode(trajectory: Trajectory): string {
  const { outcome, segments, task } = trajectory;
  const text = segments
    .filter((segment) => segment.kind !== 'prompt')
    .map((segment) => segment.text)
    .join('')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\u00b7')
    .replace(/(<\/search>|<\/information>|<\/answer>|<\/think>)/g, '$1\n');
  const body = text.split('\n').filter((line) => line.trim() !== '');
  const cut =
    body.length > shownLines
      ? [...body.slice(0, shownLines - 4), `… ${body.length - shownLines + 4} more lines`]
      : body;
  const verdict = outcome.correct ? 'right' : 'wrong';
  const lines = [`Question: ${task.question}`, ...cut, `→ ${verdict}; the answer is ${task.goldenAnswers[0] ?? ''}`];
  return lines.map((line) => `  ${line}`).join('\n');
}
