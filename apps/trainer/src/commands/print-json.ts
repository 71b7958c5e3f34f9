import type { ConsoleStream } from '../run/console-tracker.js';

/** One JSON object on one line. */
export function printJson(output: ConsoleStream, value: unknown): void {
  output.write(`${JSON.stringify(value)}\n`);
}
