import { withInterrupt } from '../run/interrupt.js';
import type { CommandLineSurroundings } from './run-command-line.js';

export interface RunAsProcessOptions {
  /** Runs the words of the command line (without `node` and the script); its result is the exit code. */
  run: (words: readonly string[], surroundings: CommandLineSurroundings) => Promise<number>;
  /** Said at the first Ctrl-C. */
  interruptNotice: string;
}

/** Runs a command line in this process: Ctrl-C aborts the signal, a closed pipe is no failure. */
export async function runAsProcess({ run, interruptNotice }: RunAsProcessOptions): Promise<void> {
  // `dgpo ask … | head` closes the pipe early.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const { value = 130 } = await withInterrupt(
    (signal) =>
      run(process.argv.slice(2), {
        output: process.stdout,
        errors: process.stderr,
        environment: process.env,
        workingDirectory: process.cwd(),
        signal,
      }),
    { onInterrupt: () => process.stderr.write(`\n${interruptNotice} Ctrl-C again stops at once.\n`) },
  );
  // After SIGTERM the code is set already, and it is another one.
  if (process.exitCode !== 143) process.exitCode = value;
}
