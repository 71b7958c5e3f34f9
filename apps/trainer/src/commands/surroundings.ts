import type { DemoResult, runDemo } from '../demo/run-demo.js';
import type { Fetch } from '../hub/hub-client.js';
import type { runPipeline } from '../pipeline/run-pipeline.js';
import type { ConsoleStream } from '../run/console-tracker.js';

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
  /** @default globalThis.fetch */
  fetch?: Fetch;
  /** @default the pipeline */
  runPipeline?: typeof runPipeline;
  /** @default the demo */
  runDemo?: (...options: Parameters<typeof runDemo>) => Promise<Pick<DemoResult, 'interrupted' | 'result' | 'text'>>;
}
