import { withInterrupt } from '@dgpo/trainer';
import { runProgram } from './program.js';

// `dgpo-eval … | head` closes the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { value = 130 } = await withInterrupt(
  (signal) =>
    runProgram(process.argv.slice(2), {
      output: process.stdout,
      errors: process.stderr,
      environment: process.env,
      workingDirectory: process.cwd(),
      signal,
    }),
  { onInterrupt: () => process.stderr.write('\nStopping after this batch. Ctrl-C again stops at once.\n') },
);
// After SIGTERM the code is set already, and it is another one.
if (process.exitCode !== 143) process.exitCode = value;
