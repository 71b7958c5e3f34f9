import type { ConsoleStream } from '@dgpo/trainer';

/** Progress for people: one line that is written over in a terminal, a line per finished part elsewhere. */
export interface ProgressLine {
  note(text: string): void;
  show(text: string, isDone: boolean): void;
}

export function createProgressLine(stream: ConsoleStream, isQuiet: boolean): ProgressLine {
  if (isQuiet) return { note: () => undefined, show: () => undefined };
  const isTerminal = stream.isTTY === true;
  return {
    note: (text) => {
      stream.write(`${text}\n`);
    },
    show: (text, isDone) => {
      if (isTerminal) stream.write(`\r\u001b[K${text}${isDone ? '\n' : ''}`);
      else if (isDone) stream.write(`${text}\n`);
    },
  };
}
