import type { Task } from '@dgpo/trajectory';
import { hintFrame } from './hint-block.js';
import type { HintDomain } from './hint-task.js';

/** A text without the part from `start` to `end` and the blank line that set it apart. */
function without(text: string, start: number, end: number): string {
  const head = text.slice(0, start);
  const tail = text.slice(end);
  if (tail.startsWith('\n\n')) return head + tail.slice(2);
  return (head.endsWith('\n\n') ? head.slice(0, -2) : head) + tail;
}

/** A text without blocks of hints, whatever they hold. */
function withoutBlocks(text: string): string {
  const opening = hintFrame.opening.join('\n');
  let rest = text;
  for (let start = rest.indexOf(opening); start >= 0; start = rest.indexOf(opening)) {
    const closing = rest.indexOf(hintFrame.closing, start);
    rest = without(rest, start, closing < 0 ? start + opening.length : closing + hintFrame.closing.length);
  }
  return rest;
}

/** A text without blocks of hints, then without every line of a list, or other place, that still says one of the hints. */
export function stripHints(text: string, hints: readonly string[]): string {
  let rest = withoutBlocks(text);
  const longestFirst = [...new Set(hints)].filter((hint) => hint.trim() !== '').sort((a, b) => b.length - a.length);
  for (const hint of longestFirst) {
    rest = rest.replaceAll(`- ${hint}\n`, '').replaceAll(`\n- ${hint}`, '').replaceAll(hint, '');
  }
  return rest;
}

/** A task without hints: the inverse of `addHints`. */
export function stripTask(task: Task, hints: readonly string[]): Task {
  const { metadata, prompt, ...rest } = task;
  const { hints: _, ...kept } = metadata ?? {};
  return {
    ...rest,
    ...(prompt === undefined
      ? {}
      : { prompt: prompt.map((message) => ({ ...message, content: stripHints(message.content, hints) })) }),
    ...(metadata === undefined || (Object.keys(kept).length === 0 && 'hints' in metadata) ? {} : { metadata: kept }),
  };
}

const goalMarks: Readonly<Record<HintDomain, string>> = { household: 'Your task is to:', webshop: 'Here is the task' };

/**
 * What the published code keeps of a plain prompt: its first line, and from the goal on, so that examples and the room's furniture go
 * with the hints. A prompt without a goal stays as it is.
 */
export function referencePrompt(text: string, domain: HintDomain): string {
  const mark = goalMarks[domain];
  const start = domain === 'household' ? text.lastIndexOf(mark) : text.indexOf(mark);
  const [first = ''] = text.split('\n', 1);
  return start < 0 ? text : `${first}\n${text.slice(start)}`;
}
