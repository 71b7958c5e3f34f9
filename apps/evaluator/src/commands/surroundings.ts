import type { ComputePool, ConsoleStream } from '@dgpo/trainer';

/** What a command may touch; tests give their own. */
export interface CliSurroundings {
  /** Results. */
  output: ConsoleStream;
  /** Progress, notices and errors. */
  errors: ConsoleStream;
  environment: Readonly<Record<string, string | undefined>>;
  workingDirectory: string;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Workers that are there already. @default new ones */
  pool?: ComputePool;
}
