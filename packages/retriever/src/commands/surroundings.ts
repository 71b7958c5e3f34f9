/** What a command may touch; tests give their own. */
export interface CliSurroundings {
  /** Results. */
  writeOut: (text: string) => void;
  /** Progress, notices and errors. */
  writeError: (text: string) => void;
  environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C: long work stops, a server closes. */
  signal: AbortSignal;
}
