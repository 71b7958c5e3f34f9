import { stripVTControlCharacters } from 'node:util';
import type { ConsoleStream } from '../run/console-tracker.js';

/** A few lines at the end of a terminal that are drawn anew in place. */
export interface LiveScreen {
  /** Draws the block. `render` is asked again when the terminal changes its size. */
  draw(render: (columns: number) => readonly string[]): void;
  /** Writes a line for good, above the block. */
  print(line: string): void;
  /** Leaves the block as it stands; the next one is drawn below it. */
  release(): void;
}

/**
 * Redraws by moving up and clearing. The cursor is never hidden and no mode of the terminal is changed: every write ends below the block at
 * the start of a line, so that a process may end, fail or be killed at any moment and the prompt comes where it belongs.
 */
export function createLiveScreen(stream: ConsoleStream): LiveScreen {
  let render: ((columns: number) => readonly string[]) | undefined;
  /** Widths of the lines that stand there. */
  let widths: number[] = [];

  // A terminal whose size nobody has set says 0.
  const columns = () => stream.columns || 80;
  const rows = () => stream.rows || 24;

  /** Back to the first line of the block. A line that is wider than the terminal has become now takes several rows. */
  const erase = (): string => {
    const height = widths.reduce((total, width) => total + Math.max(1, Math.ceil(width / columns())), 0);
    widths = [];
    return height === 0 ? '' : `\u001b[${height}A\r\u001b[J`;
  };

  const block = (): string => {
    // The last column stays free: some terminals go to the next line after it.
    const width = Math.max(1, columns() - 1);
    const lines = render?.(width).slice(0, Math.max(1, rows() - 1)) ?? [];
    widths = lines.map((line) => stripVTControlCharacters(line).length);
    return lines.map((line) => `${line}\n`).join('');
  };

  const redraw = () => {
    stream.write(`${erase()}${block()}`);
  };

  return {
    draw: (next) => {
      if (render === undefined) stream.on?.('resize', redraw);
      render = next;
      redraw();
    },
    print: (line) => {
      stream.write(`${erase()}${line}\n${block()}`);
    },
    release: () => {
      if (render !== undefined) stream.removeListener?.('resize', redraw);
      render = undefined;
      widths = [];
    },
  };
}
