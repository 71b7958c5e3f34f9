import { isDgpoError } from '@dgpo/trajectory';
import type { Command } from 'commander';
import { withInterrupt } from './run/interrupt.js';

/** Parses the words of a maintainer's script and runs it, with the exit codes of `dgpo`. */
export async function runScript(program: Command, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  program.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  program.parse();
  try {
    await withInterrupt(run);
  } catch (error) {
    if (!isDgpoError(error)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = error.code === 'CONFIG_ERROR' ? 2 : 1;
  }
}
