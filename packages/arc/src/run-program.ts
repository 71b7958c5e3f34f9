import { isDgpoError } from '@dgpo/trajectory';
import { CommanderError } from 'commander';
import { createProgram, type ProgramOptions } from './program.js';

const success = 0;
const failure = 1;
const badInput = 2;

/**
 * Runs `dgpo-arc` and returns its exit code: 0 done, 2 for wrong flags or unreadable input, 1 for any other failure. Each failure is
 * one line on the error stream.
 *
 * @param words The command line after the name of the program.
 */
export async function runProgram(words: readonly string[], options: ProgramOptions = {}): Promise<number> {
  const { writeError = (text) => process.stderr.write(text) } = options;
  try {
    await createProgram(options).parseAsync([...words], { from: 'user' });
    return success;
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? success : badInput;
    const message = error instanceof Error ? error.message : String(error);
    writeError(`error: ${message.replace(/\s+/g, ' ')}\n`);
    return isDgpoError(error) && (error.code === 'DATASET_ERROR' || error.code === 'CONFIG_ERROR') ? badInput : failure;
  }
}
